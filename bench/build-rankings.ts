import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { MINUTE, SECOND } from '../src/clock.ts';
import { shardOf } from '../src/ids.ts';
import { openRankings } from '../src/ranking/build.ts';
import { migrate } from '../src/schema/migrate.ts';
import { ALL_SHARDS, keysOf, WINDOWS } from '../src/views/keys.ts';
import { countPending } from '../src/views/pending.ts';
import { MAX_BATCH, type Read, recordReads } from '../src/views/record.ts';
import type { TestArticle } from '../tests/ranking/counts.ts';
import { databaseUrl, openDatabase, openTestRedis } from '../tests/support/engines.ts';
import { measureLongest, recordCommands } from './longest-command.ts';
import { redisCpu } from './quiet-feeds.ts';
import { fillSite, type RankedSite } from './ranked-site.ts';

/**
 * What building all lists costs: in full, and after reads of some articles, among few articles and many; beside a baseline
 * in the same run: as many plain ZREVRANGE of 50 as a full build has sorted sets to look at, pipelined by shard, with
 * nothing done to the replies.
 *
 *     REDIS_URL=redis://… DATABASE_URL=postgres://… node --max-semi-space-size=32 --import tsx bench/build-rankings.ts \
 *         [--articles 10000,100000,1000000]
 *
 * with the flag of `npm start`. Articles are read as 1/rank, so that most reads are of what stands in lists, and nearly all
 * lists change at each tick. A fifth of the reads is left for the tick to count, as much as comes in a second where it comes
 * every five: what is older, the APIs had counted (src/views/count-soon.ts). How long Redis is held is measured of each command of a full build and a tick, sent anew.
 */
const { values } = parseArgs({
  options: {
    categories: { type: 'string', default: '50' },
    articles: { type: 'string', default: '100000' },
    changed: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '21' },
  },
});
const [categoryCount, changed, rounds] = [Number(values.categories), Number(values.changed), Number(values.rounds)];
let visitors = 1;
const nothing = async () => {};
if (databaseUrl === undefined) throw new Error('set DATABASE_URL and REDIS_URL to servers');

for (const articleCount of values.articles.split(',').map(Number)) await measure(databaseUrl, articleCount);

async function measure(url: string, articleCount: number): Promise<void> {
  const database = await openDatabase(url, migrate);
  const { redis, close } = await openTestRedis();
  const { sql } = database;
  const start = Date.now();
  const site = await fillSite(sql, redis, { categoryCount, articleCount }, new Date(start));
  const rankings = openRankings({ sql, redis, siteName: 'JN' });
  const recorder = recordCommands(redis);

  const [cold] = await measureRounds(1, nothing, () => rankings.tick(new Date(start)));
  const [baseline] = await measureRounds(rounds, nothing, () => readPlainly(site));
  // Rounds are minutes apart, so each full build also stores what changed and looks up the hour before.
  const readAt = async (at: number) => {
    // Of five seconds, the reads of the last one are pending yet.
    const articles = site.choose(changed);
    const last = Math.ceil(changed / 5);
    await read(articles.slice(last), new Date(at));
    await countPending(redis);
    await read(articles.slice(0, last), new Date(at));
  };
  const fullAt = (round: number) => start + (2 * round + 2) * MINUTE;
  const [full, { built }] = await measureRounds(
    rounds,
    (round) => readAt(fullAt(round)),
    (round) => rankings.tick(new Date(fullAt(round))),
  );
  const sentInFull = recorder.take();
  const tickAt = (round: number) => fullAt(rounds - 1) + (round + 1) * 5 * SECOND;
  const [tick, { published }] = await measureRounds(
    rounds,
    (round) => readAt(tickAt(round)),
    (round) => rankings.tick(new Date(tickAt(round))),
  );
  const longest = await measureLongest(redis, [...sentInFull, ...recorder.take()]);

  console.log(`${articleCount} articles, ${categoryCount} categories, ${built} lists; medians of ${rounds}, ms`);
  console.log(`${' '.repeat(46)}     took      CPU  of Redis  × baseline`);
  const line = (name: string, { took, cpu, redisCpu }: Cost) => {
    const columns = [took, cpu, redisCpu].map((ms) => ms.toFixed(1).padStart(9)).join('');
    console.log(`  ${name.padEnd(44)}${columns}${(took / baseline.took).toFixed(2).padStart(12)}`);
  };
  line(`baseline: ${ALL_SHARDS.length * 5 * categoryCount} ZREVRANGE of 50`, baseline);
  line('first build of a new process', cold);
  line('full build, with snapshots stored', full);
  line(`tick after reads of ${changed} articles`, tick);
  console.log(`  such a tick published ${published} lists`);
  console.log(`  Redis was held for ${longest.ms.toFixed(2)} ms at most (${longest.name})`);
  await close();
  await database.close();

  async function read(articles: readonly TestArticle[], at: Date): Promise<void> {
    for (const shard of ALL_SHARDS) {
      const own = articles.filter(({ id }) => shardOf(id) === shard);
      const reads = own.map(({ id: article, categories }): Read => {
        const visitor = String(visitors++);
        return { article, categories, at, isTimeNamed: false, isBox: false, visitor, visitorBefore: undefined };
      });
      for (let from = 0; from < reads.length; from += MAX_BATCH) {
        await recordReads(redis, shard, at, reads.slice(from, from + MAX_BATCH));
      }
    }
  }

  async function readPlainly({ categories }: RankedSite): Promise<void> {
    const all = ALL_SHARDS.map((shard) => {
      const pipeline = redis.pipeline();
      const { window, popular } = keysOf(shard);
      for (const category of categories) {
        for (const name of WINDOWS) pipeline.zrevrange(window(name, category), 0, 49, 'WITHSCORES');
        pipeline.zrevrange(popular(category, 3), 0, 49, 'WITHSCORES');
      }
      return pipeline.exec();
    });
    await Promise.all(all);
  }

  async function measureRounds<Result>(
    count: number,
    prepare: (round: number) => Promise<unknown>,
    work: (round: number) => Promise<Result>,
  ): Promise<[Cost, Result]> {
    const costs: Cost[] = [];
    let result: Result | undefined;
    for (let round = 0; round < count; round++) {
      await prepare(round);
      recorder.take();
      const [own, redisBefore, from] = [process.cpuUsage(), await redisCpu(redis), performance.now()];
      result = await work(round);
      const took = performance.now() - from;
      const { user, system } = process.cpuUsage(own);
      costs.push({ took, cpu: (user + system) / 1000, redisCpu: ((await redisCpu(redis)) - redisBefore) * 1000 });
    }
    const median = (name: keyof Cost) =>
      costs.map((cost) => cost[name]).sort((a, b) => a - b)[Math.floor(count / 2)] ?? 0;
    return [{ took: median('took'), cpu: median('cpu'), redisCpu: median('redisCpu') }, result as Result];
  }
}

/** In ms. On a machine that has more to do, CPU says more than the clock. */
interface Cost {
  readonly took: number;
  readonly cpu: number;
  readonly redisCpu: number;
}
