/**
 * Runs the benchmarks one after the other; each prints its figures beside a baseline of the same run. Those that need
 * more than Node say so and are left out where it is missing.
 *
 *   npm run bench                                   what Node alone can run
 *   (source .ci/servers; npm run bench)             with Debian's Redis and PostgreSQL as well
 *   npm run bench -- --feeds FOLDER                 with a folder of captured feeds as well
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { feeds: { type: 'string' } } });
const { REDIS_URL: redis, DATABASE_URL: database } = process.env;
const scratchRedis = redis === undefined ? undefined : Object.assign(new URL(redis), { pathname: '/500' }).href;
const servers = redis !== undefined && database !== undefined;

interface Benchmark {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What it needs and does not have. */
  readonly lacks: string | false;
}

const needsServers = !servers && 'servers (DATABASE_URL and REDIS_URL)';
const needsFeeds = values.feeds === undefined && 'captured feeds (--feeds FOLDER)';
const feeds = values.feeds === undefined ? [] : [values.feeds];

const BENCHMARKS: readonly Benchmark[] = [
  { name: 'parsing, against plain rss-parser', file: 'parse-speed.ts', args: feeds, lacks: needsFeeds },
  { name: 'two rounds over captured feeds', file: 'real-feeds.ts', args: feeds, lacks: needsFeeds },
  { name: 'a poll without news, against a bare GET', file: 'poll-cost.ts', lacks: needsServers },
  { name: 'stories: quality and cost', file: 'story-quality.ts', lacks: needsServers },
  { name: 'claiming due feeds among a million', file: 'claim-feeds.ts', lacks: needsServers },
  { name: '100,000 feeds every five minutes', file: 'many-feeds.ts', lacks: needsServers },
  { name: 'a first import of a thousand feeds', file: 'first-import.ts', lacks: needsServers },
  {
    name: 'pollers that are killed, every job twice: nothing lost, nothing doubled',
    file: 'killed-polls.ts',
    args: ['--kills', '12'],
    lacks: needsServers,
  },
  { name: 'hostile documents', file: 'attacks.ts', lacks: false },
  {
    name: 'looking for copies and stories among 10,000 and a million articles',
    file: 'match-articles.ts',
    lacks: needsServers,
  },
  { name: 'searching a million articles', file: 'search-articles.ts', lacks: needsServers },
  { name: 'importing a log of a million lines, against readline', file: 'import-views.ts', lacks: needsServers },
  {
    name: 'counting reads in Redis',
    file: 'record-views.ts',
    environment: { REDIS_URL: scratchRedis },
    lacks: redis === undefined && 'a Redis server (REDIS_URL)',
  },
  {
    name: 'views into processes that are killed: acknowledged = counted = archived',
    file: 'exactness.ts',
    args: ['--views', '100000', '--kills', '12'],
    lacks: needsServers,
  },
  {
    name: 'pages: CPU, weight and first paint, against a route that does nothing',
    file: 'render-pages.ts',
    lacks: false,
  },
  { name: 'views over HTTP, against a bare handler', file: 'collect-views.ts', lacks: needsServers },
  { name: '5,000 event streams, against bare responses', file: 'stream.ts', lacks: needsServers },
  { name: 'reading lists over HTTP, against a route that does nothing', file: 'read-lists.ts', lacks: needsServers },
  {
    name: 'building lists among 10,000, 100,000 and a million articles, against plain ZREVRANGE',
    file: 'build-rankings.ts',
    args: ['--articles', '10000,100000,1000000'],
    lacks: needsServers,
  },
];

for (const { name, file, args = [], environment = {}, lacks } of BENCHMARKS) {
  console.log(`\n## ${name}`);
  if (lacks !== false) {
    console.log(`left out: needs ${lacks}`);
    continue;
  }
  const script = new URL(file, import.meta.url).pathname;
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) process.exitCode = 1;
}
