/** What the API and its pages answer while Redis is in a state that its operator must end, or is away. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { Redis } from 'ioredis';
import { loadSettings } from '../../config/load.ts';
import { openSite } from '../../src/app-site.ts';
import { systemClock } from '../../src/clock.ts';
import { type Closers, openClosers } from '../../src/closers.ts';
import { closeRedis, openRedis, type RedisPurpose } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { startValkey } from '../../src/engines/valkey.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../../src/ids.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import { openQueue } from '../../src/queues/open.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { openTestSql } from '../support/engines.ts';
import { DEAD_PORT } from '../support/ports.ts';
import { seed } from '../web/newsroom.ts';
import { ADMIN_TOKEN, INGEST_TOKEN } from './server-under-test.ts';

let sql: Sql;
let closeSql: () => Promise<void>;
let article: ArticleId;

before(async () => {
  ({ sql, close: closeSql } = await openTestSql());
  const [first] = await seed(sql, 'News', [{ title: 'Minister speaks', categories: ['Politics'], minutesAgo: 9 }]);
  assert.ok(first);
  article = first;
});
after(() => closeSql());

const READ: Omit<Read, 'article' | 'at'> = {
  ...{ categories: ['politics' as CategorySlug], isTimeNamed: true, isBox: false },
  ...{ visitor: '1', visitorBefore: undefined },
};

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const basic = { authorization: `Basic ${Buffer.from(`ops:${ADMIN_TOKEN}`).toString('base64')}` };
const ingest = { authorization: `Bearer ${INGEST_TOKEN}`, 'content-type': 'application/json' };

const counting = (): InjectOptions[] => [
  { method: 'POST', url: '/v1/views', headers: ingest, payload: { article, visitor: 'somebody' } },
  { method: 'POST', url: '/v1/views/audit', headers: admin, payload: {} },
  { method: 'POST', url: '/v1/views/audit', headers: admin, payload: { repair: true } },
];
/** Asked twice: the second must not be told that the first is under way. */
const adding = (): InjectOptions[] => {
  const poll: InjectOptions = { method: 'POST', url: '/v1/feeds/1/poll', headers: admin };
  return [poll, poll];
};
const looking = (): InjectOptions[] => [
  { url: '/v1/categories' },
  { url: `/v1/rankings/access/explain/${article}` },
  { url: '/ops', headers: basic },
  { url: '/ops/parts/tiles', headers: basic },
  { url: '/ops/queues/api/queues', headers: basic },
];
/** Served from PostgreSQL, or without what Redis would add: a reader sees a page whatever happens. */
const reading = (): InjectOptions[] => [
  { url: '/' },
  { url: '/category/politics' },
  { url: `/article/${article}` },
  { url: '/ranking' },
  { url: '/v1/rankings/access' },
  { url: '/v1/rankings/popular.rss?category=politics' },
  { url: '/v1/articles' },
  { url: `/v1/articles/${article}` },
  { url: `/r/${article}` },
  { url: `/v1/views/pixel.gif?article=${article}` },
];

interface Own {
  readonly app: FastifyInstance;
  say(command: string): Promise<unknown>;
  /** Ends its Redis. */
  end(): Promise<void>;
}

/** A whole site on a Redis of its own: what that refuses, it refuses everybody. */
async function openOwnSite(closers: Closers, lines: string[]): Promise<Own> {
  const { url: redisUrl, close } = await startValkey();
  closers.add('Redis', close);
  const admin = new Redis(redisUrl, { retryStrategy: () => null });
  admin.on('error', () => {});
  closers.add('admin', () => admin.disconnect());
  const connectRedis = async (purpose: RedisPurpose) => {
    const client = await openRedis(redisUrl, purpose, () => {});
    closers.add(purpose, () => closeRedis(client));
    return client;
  };
  const engines = { openImpatientSql: () => sql, redis: await connectRedis('commands'), connectRedis };
  await restoreCounts(sql, engines.redis, new Date());
  // What is to be counted must be in Redis, or an audit needs to write nothing.
  await recordReads(engines.redis, shardOf(article), new Date(), [{ ...READ, article, at: new Date() }]);
  const health = {
    settings: loadSettings({ ADMIN_TOKEN, INGEST_TOKEN }),
    ...{ metrics: openMetrics('0.0.0-test'), clock: systemClock },
    log: openLog('info', { write: (line) => void lines.push(line) }),
    isReady: async () => ({ isReady: true, dependencies: {} }),
    localToken: 'none',
  };
  const polls = openQueue('poll-feed', await connectRedis('queue'), () => {});
  closers.add('queue', () => polls.close());
  const nothing = () => assert.fail('nothing is fetched here');
  const app = await openSite({ ...health, engines }, nothing, polls, closers);
  closers.add('site', () => app.close());
  return {
    app,
    say: (command) => admin.call(...(command.split(' ') as [string, ...string[]])),
    end: close,
  };
}

const CALLS = { counting, adding, looking, reading };
type Kind = keyof typeof CALLS;

interface State {
  readonly is: string;
  begin(own: Own): Promise<unknown>;
  /** What Redis is needed for as it is not now; all else is answered. */
  readonly refused: readonly Kind[];
}

const AS_REPLICA = `replicaof 127.0.0.1 ${DEAD_PORT}`;
const WRITING: readonly Kind[] = ['counting', 'adding'];
const ALL: readonly Kind[] = [...WRITING, 'looking'];
const STATES: readonly State[] = [
  { is: 'full', begin: ({ say }) => say('config set maxmemory 1'), refused: WRITING },
  { is: 'without replicas', begin: ({ say }) => say('config set min-replicas-to-write 1'), refused: WRITING },
  { is: 'a replica', begin: ({ say }) => say(AS_REPLICA), refused: WRITING },
  {
    is: 'a replica without its master',
    async begin({ say }) {
      await say('config set replica-serve-stale-data no');
      await say(AS_REPLICA);
    },
    refused: ALL,
  },
  { is: 'forbidden', begin: ({ say }) => say('acl setuser default -@all'), refused: ALL },
  { is: 'away', begin: ({ end }) => end(), refused: ALL },
];

for (const { is, begin, refused } of STATES) {
  test(`while Redis is ${is}, what needs it is told to come again, and all else is served`, async () => {
    const lines: string[] = [];
    const closers = openClosers(() => {});
    try {
      const own = await openOwnSite(closers, lines);
      await begin(own);
      for (const kind of Object.keys(CALLS) as Kind[]) {
        for (const call of CALLS[kind]()) {
          const answer = await own.app.inject(call);
          const name = `${call.method ?? 'GET'} ${call.url}: ${answer.statusCode} ${answer.body.slice(0, 200)}`;
          if (refused.includes(kind)) assertRefused(answer, name);
          else assert.ok(answer.statusCode < 400, name);
        }
      }
      assert.doesNotMatch(lines.join(''), /request failed/, 'it is no mistake of ours');
    } finally {
      await closers.closeAll();
    }
  });
}

function assertRefused({ statusCode, headers, body }: LightMyRequestResponse, name: string): void {
  assert.equal(statusCode, 503, name);
  assert.match(String(headers['retry-after']), /^[1-9]\d?$/, name);
  assert.doesNotMatch(body, /user_script|OOM|READONLY|127\.0\.0\.1|ioredis|Stream/, 'nothing of our insides');
  if (String(headers['content-type']).startsWith('text/html')) return;
  assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8', name);
  const { status, code, title, detail } = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual([status, code, typeof title, typeof detail], [503, 'unavailable', 'string', 'string'], name);
}
