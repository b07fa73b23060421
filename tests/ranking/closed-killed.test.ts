import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { DAY, HOUR } from '../../src/clock.ts';
import { sqlOnPglite } from '../../src/engines/pglite.ts';
import { openPostgres } from '../../src/engines/postgres.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ClosedSnapshot } from '../../src/ranking/closed-list.ts';
import { migrate } from '../../src/schema/migrate.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { engineSettings, eventually, startProduct } from '../support/product.ts';
import { insertArticles, insertCategories, testArticle } from './counts.ts';

const ZONE = 'Europe/Berlin';
const SLOT = 300_000;

/** The last midnight in Berlin before a day on which its clocks changed: a day of 23 or of 25 hours. */
function lastChange(before: Date): { start: Date; hours: number } {
  const offset = (at: number) => {
    const name = new Intl.DateTimeFormat('en', { timeZone: ZONE, timeZoneName: 'shortOffset' }).format(at);
    return Number(/GMT\+(\d)/.exec(name)?.[1]);
  };
  // Both offsets are whole hours, and clocks change at one o'clock UTC.
  let at = Math.floor(before.getTime() / DAY) * DAY;
  while (offset(at) === offset(at + DAY)) at -= DAY;
  return { start: new Date(at - offset(at) * HOUR), hours: 24 + offset(at) - offset(at + DAY) };
}

const now = new Date();
/** So long ago that a month has ended since. */
const change = lastChange(new Date(now.getTime() - 40 * DAY));
const articles = ['politics', 'sports', 'politics'].map((slug) => testArticle(new Date(change.start.getTime()), slug));
/** Around the change of clocks each hour, and in each of the last two days. */
const reads = [
  ...Array.from({ length: 72 }, (_, hour) => change.start.getTime() - DAY + hour * HOUR),
  ...Array.from({ length: 44 }, (_, hour) => now.getTime() - 45 * HOUR + hour * HOUR),
].flatMap((at, index) =>
  articles.map(({ id }, n) => ({ id, at: Math.floor(at / SLOT) * SLOT, reads: 1 + ((index * 7 + n * 5) % 11) })),
);

async function withDatabase<T>(settings: Record<string, string>, work: (sql: Sql) => Promise<T>): Promise<T> {
  const { DATABASE_URL: url, DATA_DIR: folder = '' } = settings;
  if (url !== undefined) {
    const { sql, close } = await openPostgres(url);
    return await work(sql).finally(close);
  }
  const database = await PGlite.create({ dataDir: join(folder, 'postgres') });
  return await work(sqlOnPglite(database)).finally(() => database.close());
}

test('killed while it closes, again and again, it closes each period once, and right', async (t) => {
  const settings = { ...(await engineSettings(t)), ROLES: 'counter,api', SITE_TIME_ZONE: ZONE, ARCHIVE_INTERVAL: '1s' };
  await withDatabase(settings, async (sql) => {
    await migrate(sql);
    await insertCategories(sql, { politics: 'Politics', sports: 'Sports' });
    await insertArticles(sql, articles);
    const rows = reads.map(({ id, at, reads }) => ({ slot: at / SLOT, article: id, reads, boxReads: 0 }));
    await addCounts(
      sql,
      rows.map((row) => ({ ...row, class: 'beacon' as const })),
    );
  });

  const hourAgo = (hours: number) => `hour/${new Date(Math.floor(now.getTime() / HOUR - hours) * HOUR).toISOString()}`;
  const changed = new Date(change.start.getTime() + DAY / 2).toISOString();
  // Hours are closed first, months last: twice it is killed on the way.
  for (const list of [hourAgo(12), `day/${changed}`, 'month/latest']) {
    const product = await startProduct(t, settings);
    const isClosed = async () => (await fetch(`${product.url}/v1/rankings/closed/${list}`)).ok;
    await eventually(`${list} is closed`, isClosed, 180);
    if (list === 'month/latest') assert.equal(await product.stop(), 0);
    else await product.kill();
  }

  await withDatabase(settings, async (sql) => {
    const periods = await sql.query<{ period: string; start_at: Date; end_at: Date; bodies: ClosedSnapshot[] | null }>(
      `select period, start_at, end_at, (
         select jsonb_agg(body) from closed_lists l where l.period = p.period and l.start_at = p.start_at
       ) as bodies from closed_periods p order by period, start_at`,
    );
    const seen = new Map<string, Date>();
    for (const { period, start_at: start, end_at: end, bodies } of periods.rows) {
      const what = `${period} from ${start.toISOString()}`;
      assert.equal((seen.get(period) ?? start).toISOString(), start.toISOString(), `${what} begins where one ended`);
      seen.set(period, end);
      const lists = (bodies ?? []).map(({ scope, items }) => [
        scope,
        items.map(({ article, reads }) => [article.id, reads]),
      ]);
      assert.deepEqual(Object.fromEntries(lists), expected(start, end), what);
      assert.ok(
        (bodies ?? []).every(({ revision, window }) => revision === undefined && window.final),
        what,
      );
    }
    const lengths = periods.rows.filter(({ period }) => period === 'day');
    const changed = lengths.find(({ start_at }) => start_at.getTime() === change.start.getTime());
    assert.equal((changed?.end_at.getTime() ?? 0) - change.start.getTime(), change.hours * HOUR);
    assert.deepEqual([...seen.keys()], ['day', 'hour', 'month', 'week']);
  });
});

/** By brute force: what each scope shows of the time. */
function expected(start: Date, end: Date): Record<string, [string, number][]> {
  const within = reads.filter(({ at }) => at >= start.getTime() && at < end.getTime());
  const listOf = (scope: string): [string, number][] =>
    articles
      .filter(({ categories }) => scope === 'site' || categories.some((slug) => slug === scope))
      .map(({ id }): [string, number] => [
        id,
        within.filter((it) => it.id === id).reduce((sum, it) => sum + it.reads, 0),
      ])
      .sort(([one, a], [other, b]) => b - a || (one < other ? 1 : -1));
  if (within.length === 0) return {};
  return Object.fromEntries(['site', 'politics', 'sports'].map((scope) => [scope, listOf(scope)]));
}
