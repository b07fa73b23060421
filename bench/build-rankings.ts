import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { MINUTE, SECOND } from '../src/clock.ts';
import type { CategorySlug } from '../src/ids.ts';
import { openRankings } from '../src/ranking/build.ts';
import { ALL_SHARDS, keysOf, WINDOWS } from '../src/views/keys.ts';
import {
  countReads,
  insertArticles,
  insertCategories,
  openShards,
  type TestArticle,
  testArticle,
} from '../tests/ranking/counts.ts';
import { openTestSql } from '../tests/support/engines.ts';

/**
 * What building all lists costs: in full, and after reads of some articles, beside a baseline in the same run: as many
 * plain ZREVRANGE of 50 as a full build has sorted sets to look at, pipelined by shard, with nothing done to the replies.
 *
 *     REDIS_URL=redis://127.0.0.1:6379 DATABASE_URL=postgres://… node --import tsx bench/build-rankings.ts
 *
 * Takes Redis database --db, which must be empty and is emptied again; without DATABASE_URL the embedded PostgreSQL.
 */
const { values } = parseArgs({
  options: {
    db: { type: 'string', default: '4001' },
    categories: { type: 'string', default: '50' },
    articles: { type: 'string', default: '20000' },
    changed: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '9' },
  },
});
const [categoryCount, articleCount, changed, rounds] = [
  Number(values.categories),
  Number(values.articles),
  Number(values.changed),
  Number(values.rounds),
];

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', {
  db: Number(values.db),
  retryStrategy: null,
});
if ((await redis.dbsize()) > 0) throw new Error(`Redis database ${values.db} is not empty; choose another with --db.`);
const { sql, close } = await openTestSql();

// Always the same numbers, so that two runs compare.
let state = 20_261_126;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

const start = Date.now();
const categories = Array.from({ length: categoryCount }, (_, index) => `category-${index}`);
const anyCategory = () => categories[Math.floor(random() * categoryCount)] as string;

async function fill(): Promise<TestArticle[]> {
  await openShards(redis, new Date(start));
  await insertCategories(sql, Object.fromEntries(categories.map((slug) => [slug, slug])));
  const articles: TestArticle[] = [];
  for (let index = 0; index < articleCount; index++) {
    const own = new Set([anyCategory(), ...(random() < 0.2 ? [anyCategory()] : [])]);
    articles.push(testArticle(new Date(start - random() * 6 * 24 * 60 * MINUTE), ...own));
  }
  for (let from = 0; from < articleCount; from += 2000) {
    const some = articles.slice(from, from + 2000);
    await insertArticles(sql, some);
    const reads = some.map((article) => ({
      article,
      at: new Date(start - random() * 24 * 60 * MINUTE),
      reads: Math.ceil(2000 * random() ** 8),
    }));
    await countReads(redis, reads, new Date(start));
  }
  return articles;
}

async function readReads(): Promise<void> {
  await Promise.all(
    ALL_SHARDS.map((shard) => {
      const pipeline = redis.pipeline();
      const { window, popular } = keysOf(shard);
      for (const category of categories as CategorySlug[]) {
        for (const name of WINDOWS) pipeline.zrevrange(window(name, category), 0, 49, 'WITHSCORES');
        pipeline.zrevrange(popular(category, 3), 0, 49, 'WITHSCORES');
      }
      return pipeline.exec();
    }),
  );
}

async function median(prepare: (round: number) => Promise<unknown>, work: (round: number) => Promise<unknown>) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await prepare(round);
    const from = performance.now();
    await work(round);
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

async function readSome(articles: readonly TestArticle[], at: Date): Promise<void> {
  const some = Array.from({ length: changed }, () => articles[Math.floor(random() * articles.length)] as TestArticle);
  await countReads(
    redis,
    some.map((article) => ({ article, at, reads: 1 })),
    at,
  );
}

const articles = await fill();
const rankings = openRankings({ sql, redis, siteName: 'JN' });
const first = performance.now();
await rankings.tick(new Date(start));
const cold = performance.now() - first;

const nothing = async () => {};
const baseline = await median(nothing, readReads);
// Rounds are minutes apart, so each full build also stores what changed and looks up the hour before.
const full = await median(
  (round) => readSome(articles, new Date(start + (2 * round + 2) * MINUTE)),
  (round) => rankings.tick(new Date(start + (2 * round + 2) * MINUTE)),
);
const afterFull = start + 2 * rounds * MINUTE;
const tick = await median(
  (round) => readSome(articles, new Date(afterFull + (round + 1) * SECOND)),
  (round) => rankings.tick(new Date(afterFull + (round + 1) * SECOND)),
);

const line = (name: string, ms: number) =>
  console.log(`${name.padEnd(44)}${ms.toFixed(1).padStart(9)} ms${(ms / baseline).toFixed(2).padStart(8)} ×`);
console.log(`${categoryCount} categories, ${articleCount} articles, medians of ${rounds}`);
line(`baseline: ${16 * 5 * categoryCount} ZREVRANGE of 50`, baseline);
line('first build of a new process', cold);
line('full build, with snapshots stored', full);
line(`tick after reads of ${changed} articles`, tick);

await redis.flushdb();
redis.disconnect();
await close();
