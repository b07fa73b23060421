import type { Settings } from '../../config/settings.ts';
import type { Closers } from '../closers.ts';
import type { Log } from '../log.ts';
import { withoutEchoes } from '../without-echoes.ts';
import { addressOf } from './address.ts';
import { type Database, openDatabase } from './database.ts';
import { closeRedis, openRedis, type RedisClient, type RedisPurpose } from './redis.ts';
import { findLosses } from './redis-losses.ts';

/** What all stages stand on. */
export interface Engines extends Omit<Database, 'connections'> {
  /** For commands: the one that everything shares that does not block. */
  readonly redis: RedisClient;
  readonly redisUrl: string;
  /** One more connection, closed with the engines. */
  connectRedis(purpose: RedisPurpose): Promise<RedisClient>;
  /** Connections to PostgreSQL by what they do; none on the embedded one. */
  databaseConnections: Database['connections'];
  /** Redis is part of this process: empty at each start, restored from PostgreSQL. */
  readonly isRedisEphemeral: boolean;
}

/** Within so long all connections are back that one cause has cut. */
const TOGETHER_MS = 10_000;

/** A dozen connections try again every second or two while Redis is away. */
const ECHO_MS = 10_000;

type EngineSettings = Pick<Settings, 'DATABASE_URL' | 'REDIS_URL' | 'DATA_DIR'>;

/** What may happen to the engines while they are in use. */
export interface EngineEvents {
  /** A connection failed, or a call for want of one. */
  onError(dependency: 'postgresql' | 'redis'): void;
  /** Connections to Redis were made anew: a dozen that come back together, as after its restart, are told once. */
  onReconnect(): void;
  /** The embedded Valkey died: without it nothing works, so by default the process is told to stop, as by SIGTERM. */
  onDeath(error: Error): void;
}

/**
 * Opens PostgreSQL and Redis, the embedded ones where no URL is set. What is open registers its closer, also where the
 * next one fails.
 */
export async function openEngines(
  settings: EngineSettings,
  closers: Closers,
  log: Log,
  { onError = () => {}, onReconnect = () => {}, onDeath = stopProcess }: Partial<EngineEvents> = {},
): Promise<Engines> {
  const tellReconnect = atMostEvery(TOGETHER_MS, onReconnect);
  const connect = async (url: string, purpose: RedisPurpose): Promise<RedisClient> => {
    const tell = withoutEchoes(ECHO_MS, (error) => log.warn({ error, purpose }, 'Redis'));
    const client = await openRedis(url, purpose, (error) => {
      onError('redis');
      tell(error.message);
    });
    client.on('ready', tellReconnect);
    closers.add(`Redis connection for ${purpose}`, () => closeRedis(client));
    return client;
  };
  const openCommands = async () => {
    const server = await openServer(settings, closers, (error) => {
      log.fatal({ error: error.message }, 'the embedded Valkey died');
      onDeath(error);
    });
    return { server, redis: await connect(server.url, 'commands') };
  };
  // A Redis that cannot be used is found before the embedded database is made: a failed first start leaves nothing.
  const given = settings.REDIS_URL === undefined ? undefined : await openCommands();
  const database = await openDatabase(settings, closers, {
    onError: () => onError('postgresql'),
    onHang: (isHanging) => {
      if (isHanging) log.error('PostgreSQL does not answer: what needs it is refused until it does');
      else log.info('PostgreSQL answers again');
    },
  });
  const { server, redis } = given ?? (await openCommands());
  const connectRedis = (purpose: RedisPurpose) => connect(server.url, purpose);
  const description = `${database.description}; ${server.description}`;
  log.info(description);
  if (!server.isEphemeral) {
    const { evicts, forgets } = await findLosses(redis);
    for (const loss of [evicts, forgets]) if (loss !== undefined) log.warn(loss);
  }
  const isRedisEphemeral = server.isEphemeral;
  const { connections, ...asked } = database;
  return {
    ...{ ...asked, redis, redisUrl: server.url, connectRedis, description, isRedisEphemeral },
    databaseConnections: connections,
  };
}

async function openServer(
  { REDIS_URL: url }: EngineSettings,
  closers: Closers,
  onDeath: (error: Error) => void,
): Promise<{ url: string; isEphemeral: boolean; description: string }> {
  if (url !== undefined) return { url, isEphemeral: false, description: `Redis at ${addressOf(url, 6379)}` };
  const { startValkey } = await import('./valkey.ts');
  const valkey = await startValkey(onDeath);
  closers.add('embedded Valkey', valkey.close);
  const description = 'embedded Valkey (in memory; restored from PostgreSQL at each start)';
  return { url: valkey.url, isEphemeral: true, description };
}

function atMostEvery(ms: number, tell: () => void): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldAt < ms) return;
    toldAt = performance.now();
    tell();
  };
}

function stopProcess(): void {
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}
