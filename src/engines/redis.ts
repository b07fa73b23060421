import { type Cluster, Redis, type RedisOptions } from 'ioredis';
import { CodedError, messageOf } from '../errors.ts';
import { addressOf, serverUrls } from './address.ts';
import { type ClusterNode, nodeOf, openCluster, readNodes } from './redis-cluster.ts';

export type RedisClient = Redis | Cluster;

/**
 * What a connection is for: `commands` answer readers and fail within two seconds; `queue` adds jobs and fails rather
 * than piles them up; `worker` takes jobs with blocking commands and waits for Redis as long as it takes.
 */
export type RedisPurpose = 'commands' | 'queue' | 'worker';

const CONNECT_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 1000;
const MAX_BACK_OFF_MS = 2000;
const ERROR_INTERVAL_MS = 1000;
const BEAT_MS = 3000;

/**
 * No retries for `commands`: what was in flight when the connection broke fails then, and is never sent twice.
 *
 * `socketTimeout`: a connection that has owed an answer for so long is given up and made anew. Without it, one that was
 * half open (a firewall forgot it, a cable was pulled) stayed so for as long as the kernel believed in it, and each command
 * failed late. A worker is owed nothing for as long as BullMQ lets it wait for a job: ten seconds at most.
 */
const OPTIONS = {
  commands: { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 2000, socketTimeout: 3000 },
  queue: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 10_000, socketTimeout: 10_000 },
  worker: { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 15_000 },
} as const satisfies Record<RedisPurpose, RedisOptions>;

/**
 * How often a command is sent anew when its node is gone, its slot moves, or the cluster chooses another master: two to
 * four times in 100 ms. So what was in flight may run twice there, which our scripts bear. A worker that gave up would
 * stand still for BullMQ's fifteen seconds.
 */
const REDIRECTIONS = { commands: 40, queue: 100, worker: 2000 } as const satisfies Record<RedisPurpose, number>;

// Not lazily: BullMQ makes a second connection of a worker's with the same options, and where the first attempt of a
// lazy one is cut short, it takes no more jobs.
const COMMON = { connectTimeout: CONNECT_TIMEOUT_MS, keepAlive: 10_000, connectionName: 'newsrank' } as const;

type Retry = (attempts: number) => number | null;

const backOff = (attempts: number): number => Math.min(50 * 2 ** attempts, MAX_BACK_OFF_MS) * (0.5 + Math.random() / 2);

/**
 * A connection to the Redis or the cluster at `url`, which is ready; of a cluster it may name several nodes, of which one
 * that answers is enough. Later it reconnects for ever, and `onError` hears of each failure (once a second at most, of a
 * cluster's nodes). Throws `redis-unreachable` when none is ready within five seconds at first.
 */
export async function openRedis(
  url: string,
  purpose: RedisPurpose,
  onError: (error: Error) => void,
): Promise<RedisClient> {
  let isConnected = false;
  const retry: Retry = (attempts) => (isConnected ? backOff(attempts) : null);
  const servers = serverUrls(url);
  const { single, nodes } = await openFirst(servers, purpose, retry);
  if (nodes === undefined) {
    isConnected = true;
    if (servers.length === 1) return heard(single, onError);
    single.disconnect();
    throw unusable(url, new Error('several servers are named, and the first that answers is no cluster'));
  }
  single.disconnect();
  const { username, password, tls } = single.options;
  const { enableOfflineQueue, ...options } = OPTIONS[purpose];
  const cluster = openCluster(
    [...servers.map(nodeOf), ...nodes],
    { enableOfflineQueue, clusterRetryStrategy: retry, maxRedirections: REDIRECTIONS[purpose] },
    { ...COMMON, ...options, username, password, tls },
  );
  await first(cluster, url, () => cluster.ping());
  isConnected = true;
  const told = atIntervals(onError);
  cluster.on('node error', (error: Error, node: string) => told(new Error(`${node}: ${messageOf(error)}`)));
  return heard(cluster, onError);
}

/** Fails where commands would: of a cluster, also while some of its slots have no master. */
export async function pingRedis(redis: RedisClient): Promise<void> {
  if (redis instanceof Redis) await redis.ping();
  else if (!String(await redis.cluster('INFO')).includes('cluster_state:ok')) throw new Error('the cluster is down');
}

/** The connections to all servers that hold data. */
export function mastersOf(redis: RedisClient): readonly Redis[] {
  return redis instanceof Redis ? [redis] : redis.nodes('master');
}

/**
 * A connection to the first of the servers that answers, and the nodes of its cluster, if it is of one: the client, and
 * BullMQ's copies of it, go back to the nodes that they began with whenever they have lost all, and the one that was
 * named may be the one that is gone. Throws what the last server failed with.
 */
async function openFirst(
  [url = '', ...others]: readonly string[],
  purpose: RedisPurpose,
  retryStrategy: Retry,
): Promise<{ single: Redis; nodes: readonly ClusterNode[] | undefined }> {
  const single = new Redis(url, { ...COMMON, ...OPTIONS[purpose], retryStrategy });
  try {
    const nodes = await first(single, url, () => readNodes(single));
    return { single, nodes };
  } catch (error) {
    if (others.length === 0) throw error;
    return await openFirst(others, purpose, retryStrategy);
  }
}

function heard(client: RedisClient, onError: (error: Error) => void): RedisClient {
  client.removeAllListeners('error');
  client.on('error', onError);
  beat(client);
  return client;
}

/**
 * Asks something now and then, so that a half-open connection is found although nobody uses it. Else they were found one
 * after the other, each when the one before worked again: of a worker its blocking connection, its other one, and then the
 * one that its job adds jobs by, which took 34 s together. What the question fails with, the connection says as well.
 */
function beat(client: RedisClient): void {
  const timer = setInterval(() => {
    for (const server of mastersOf(client)) if (server.status === 'ready') server.ping().catch(() => {});
  }, BEAT_MS).unref();
  client.once('end', () => clearInterval(timer));
}

/** Passes on one error in a while: every command that is sent anew makes one. */
function atIntervals(onError: (error: Error) => void): (error: Error) => void {
  let next = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() < next) return;
    next = performance.now() + ERROR_INTERVAL_MS;
    onError(error);
  };
}

/** The answer to the first question, which is asked when the connection is ready. */
async function first<T>(client: RedisClient, url: string, ask: () => Promise<T>): Promise<T> {
  // That it ended is all that the end says; why was told in an error before.
  let reason: unknown;
  client.on('error', (error: Error) => {
    reason ??= error;
  });
  let timer: NodeJS.Timeout | undefined;
  const isReady = new Promise<void>((resolve, reject) => {
    const late = new Error(`it is not ready after ${CONNECT_TIMEOUT_MS / 1000} s, perhaps still loading its data`);
    timer = setTimeout(() => reject(late), CONNECT_TIMEOUT_MS);
    client.once('ready', resolve);
    client.once('end', () => reject(new Error('the connection ended')));
  });
  try {
    await isReady;
    return await ask();
  } catch (error) {
    client.disconnect();
    throw unusable(url, reason ?? error);
  } finally {
    clearTimeout(timer);
  }
}

function unusable(url: string, cause: unknown): CodedError {
  const message = `Redis at ${addressOf(url, 6379)} cannot be used (${messageOf(cause)}). Start it or correct REDIS_URL; unset, an embedded Valkey is used.`;
  return new CodedError('redis-unreachable', message, { cause });
}

/** Ends the connection after what was sent has been answered, or at once where nobody answers. */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.status !== 'ready') {
    client.disconnect();
    return;
  }
  const patience = setTimeout(() => client.disconnect(), CLOSE_TIMEOUT_MS);
  await client.quit().catch(() => client.disconnect());
  clearTimeout(patience);
}
