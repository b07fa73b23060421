import { mastersOf, type RedisClient } from '../engines/redis.ts';
import { findLosses } from '../engines/redis-losses.ts';
import { messageOf } from '../errors.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';

/** As all that counts views does: by a script, of each shard, so of a cluster on every master that has some. */
const WRITE = "return redis.call('SET', KEYS[1], 1, 'PX', 1000)";

/** What to do, by the word that Redis' refusal begins with. */
const CURES: Readonly<Record<string, string>> = {
  OOM: 'It is full: raise its maxmemory, and the limit of its container with it',
  MISCONF: 'It cannot write to its disk: make room there; its log says more',
  READONLY: 'It is a replica: name the master in REDIS_URL, or make it one with REPLICAOF NO ONE',
  MASTERDOWN: 'It is a replica that has lost its master: name the master in REDIS_URL',
  NOREPLICAS: 'It waits for replicas: start them, or lower min-replicas-to-write',
  CLUSTERDOWN: 'Some of its slots have no master: look at CLUSTER NODES, and start what is down',
  BUSY: 'A script keeps it busy: SCRIPT KILL ends it',
  NOPERM: 'Its user needs all commands and all keys: ACL SETUSER … +@all ~*',
};

const OLDEST = [6, 2] as const;

/** How Redis is; fails where it is too old, takes no writes or loses counts in silence. What is lost at a restart may be meant. */
export async function describeRedis(redis: RedisClient): Promise<string> {
  const { evicts, forgets, isTold } = await findLosses(redis);
  await refuseOld(redis);
  if (evicts !== undefined) throw new Error(evicts);
  await tryToWrite(redis);
  if (forgets !== undefined) return forgets;
  return isTold ? 'evicts nothing, and keeps what it counts through a restart' : 'does not say what it may lose';
}

async function tryToWrite(redis: RedisClient): Promise<void> {
  try {
    await Promise.all(ALL_SHARDS.map((shard) => redis.eval(WRITE, 1, `${keysOf(shard).tag}:doctor`)));
  } catch (error) {
    const said = messageOf(error).replace(/\.? script: .*$/, '');
    const cure = CURES[/^[A-Z]+/.exec(said)?.[0] ?? ''];
    const message = cure === undefined ? `it takes no writes: ${said}` : `${cure} (it says: ${said})`;
    throw new Error(message, { cause: error });
  }
}

/** Valkey tells the version of Redis whose commands it has, too. One that tells none is not blamed. */
async function refuseOld(redis: RedisClient): Promise<void> {
  const told = await Promise.allSettled(mastersOf(redis).map((master) => master.info('server')));
  for (const one of told) {
    const [, version] = (one.status === 'fulfilled' && /^redis_version:(\S+)/m.exec(one.value)) || [];
    const [major = 0, minor = 0] = version?.split('.').map(Number) ?? OLDEST;
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
      throw new Error(`It is ${version}: newsrank needs Redis ${OLDEST.join('.')} or Valkey 7.2, or later`);
  }
}
