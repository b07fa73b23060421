/**
 * The backtest over simulated traffic (traffic.ts): the figures in docs/ranking.md, and what it takes.
 *
 *     node --import tsx bench/backtest.ts [--days 9]
 *
 * On the embedded PostgreSQL, or a database of its own on the server of DATABASE_URL.
 */
import { parseArgs } from 'node:util';
import { Command } from 'commander';
import { backtestBody } from '../src/api/schemas/backtest.ts';
import { addBacktest } from '../src/cli/rankings-backtest.ts';
import { DAY } from '../src/clock.ts';
import { backtest } from '../src/ranking/backtest/run.ts';
import { ensurePartition } from '../src/views/partitions.ts';
import { fakeTerminal } from '../tests/cli/fake-terminal.ts';
import { insertArticles, insertCategories, testArticle } from '../tests/ranking/counts.ts';
import { openTestSql } from '../tests/support/engines.ts';
import { simulateTraffic } from './traffic.ts';

const { values } = parseArgs({ options: { days: { type: 'string', default: '9' } } });
const days = Number(values.days);
const END = new Date('2026-11-26T00:00:00Z');
const ROWS = 10_000;

const { sql, close } = await openTestSql();
const traffic = simulateTraffic(END, days, 20_261_126);
const articles = traffic.articles.map(({ publishedAt, category }) => testArticle(publishedAt, category));
await insertCategories(sql, { politics: 'Politics', sports: 'Sports', business: 'Business', arts: 'Arts' });
await insertArticles(sql, articles);
for (let day = 0; day <= days; day++) {
  await sql.transaction((tx) => ensurePartition(tx, 'slot', new Date(END.getTime() - day * DAY)));
}
for (let from = 0; from < traffic.reads.length; from += ROWS) {
  const some = traffic.reads.slice(from, from + ROWS);
  await sql.query(
    `insert into read_counts (slot, article_id, reads, box_reads)
     select * from unnest($1::timestamptz[], $2::text[], $3::int[], $4::int[])`,
    [
      some.map(({ at }) => at),
      some.map(({ article }) => articles[article]?.id ?? ''),
      some.map(({ reads }) => reads),
      some.map(({ boxReads }) => boxReads),
    ],
  );
}
const terminal = fakeTerminal();
const program = new Command('newsrank');
addBacktest(program, terminal, async (_, asked) => backtestBody(await backtest(sql, asked, END)));
const from = new Date(END.getTime() - (days - 2) * DAY).toISOString();
const startedAt = performance.now();
await program.parseAsync(['backtest', '--from', from, '--to', END.toISOString(), '--half-life', '1h,2h'], {
  from: 'user',
});
console.log(terminal.printed.join('\n'));
console.log(`${traffic.reads.length} rows of the archive in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
await close();
