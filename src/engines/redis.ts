import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { CodedError, messageOf } from '../errors.ts';
import { addressOf } from './address.ts';

export type RedisClient = Redis | Cluster;

/**
 * What a connection is for: `commands` answer readers and fail within two seconds; `queue` adds jobs and fails rather
 * than piles them up; `worker` takes jobs with blocking commands and waits for Redis as long as it takes.
 */
export type RedisPurpose = 'commands' | 'queue' | 'worker';

const CONNECT_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 1000;
const MAX_BACK_OFF_MS = 2000;

/** No retries for `commands`: what was in flight when the connection broke fails then, and is never sent twice. */
const OPTIONS = {
  commands: { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 2000 },
  queue: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 10_000 },
  worker: { maxRetriesPerRequest: null, enableOfflineQueue: true },
} as const satisfies Record<RedisPurpose, RedisOptions>;

const backOff = (attempts: number): number => Math.min(50 * 2 ** attempts, MAX_BACK_OFF_MS) * (0.5 + Math.random() / 2);

/**
 * A connection to the Redis or the cluster at `url`, which is ready. Later it reconnects for ever, and `onError` hears of
 * each failure. Throws `redis-unreachable` when it is not ready within five seconds at first.
 */
export async function openRedis(
  url: string,
  purpose: RedisPurpose,
  onError: (error: Error) => void,
): Promise<RedisClient> {
  let isConnected = false;
  const retryStrategy = (attempts: number) => (isConnected ? backOff(attempts) : null);
  // Not lazily: BullMQ makes a second connection of a worker's with the same options, and where the first attempt of a
  // lazy one is cut short, it takes no more jobs.
  const common = { connectTimeout: CONNECT_TIMEOUT_MS, keepAlive: 10_000, connectionName: 'newsrank' };
  const single = new Redis(url, { ...common, ...OPTIONS[purpose], retryStrategy });
  const isCluster = await first(single, url, async () => {
    const info = await single.info('cluster');
    return info.includes('cluster_enabled:1');
  });
  isConnected = true;
  if (!isCluster) return heard(single, onError);

  single.disconnect();
  const { host = 'localhost', port = 6379, username, password, tls } = single.options;
  const { enableOfflineQueue, ...redisOptions } = OPTIONS[purpose];
  isConnected = false;
  const cluster = new Cluster([{ host, port }], {
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...common, ...redisOptions, username, password, tls },
  });
  await first(cluster, url, () => cluster.ping());
  isConnected = true;
  return heard(cluster, onError);
}

function heard(client: RedisClient, onError: (error: Error) => void): RedisClient {
  client.removeAllListeners('error');
  client.on('error', onError);
  return client;
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
    const cause = reason ?? error;
    const message = `Redis at ${addressOf(url, 6379)} cannot be used (${messageOf(cause)}). Start it or correct REDIS_URL; unset, an embedded Valkey is used.`;
    throw new CodedError('redis-unreachable', message, { cause });
  } finally {
    clearTimeout(timer);
  }
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
