import { lookup } from 'node:dns';
import { Cluster, type ClusterOptions, type Redis, type RedisOptions } from 'ioredis';

/** A node of a cluster, by the address at which it is reached. */
export interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** The node that a URL names. */
export function nodeOf(server: string): ClusterNode {
  const { hostname, port } = new URL(server);
  return { host: hostname.replace(/^\[|\]$/g, '') || 'localhost', port: Number(port) || 6379 };
}

/** Where nobody asks, nobody is told that a node is gone (MOVED): a blocking command would wait on a lost master. */
const SLOTS_REFRESH = { slotsRefreshInterval: 10_000, slotsRefreshTimeout: 2000 };

/** The nodes of the cluster that the server belongs to; undefined where it is a server by itself. */
export async function readNodes(redis: Redis): Promise<ClusterNode[] | undefined> {
  const info = await redis.info('cluster');
  if (!info.includes('cluster_enabled:1')) return undefined;
  const ranges = await redis.cluster('SLOTS');
  const nodes = ranges.flatMap(([, , ...holders]) => holders.map(([host, port]) => ({ host, port })));
  // A node that does not know its own address leaves it out.
  return nodes.filter(({ host }) => host);
}

/** What a cluster is to do with commands that find no node at first. */
export type ClusterPatience = Pick<ClusterOptions, 'enableOfflineQueue' | 'clusterRetryStrategy' | 'maxRedirections'>;

type NodeOptions = Pick<
  RedisOptions,
  | 'username'
  | 'password'
  | 'tls'
  | 'connectTimeout'
  | 'commandTimeout'
  | 'socketTimeout'
  | 'keepAlive'
  | 'connectionName'
  | 'maxRetriesPerRequest'
>;

/** A client of the cluster to which the nodes belong; `redisOptions` are for the connection to each node. */
export function openCluster(
  nodes: readonly ClusterNode[],
  patience: ClusterPatience,
  redisOptions: NodeOptions,
): Cluster {
  // A certificate is for a name, so the name must reach the connection.
  const dnsLookup: ClusterOptions['dnsLookup'] =
    redisOptions.tls === undefined ? lookup : (name, callback) => callback(undefined, name);
  return steady(new Cluster([...nodes], { ...SLOTS_REFRESH, ...patience, dnsLookup, redisOptions }));
}

/**
 * Mends what made one worker in three stand still for ever after a failover (BullMQ 6.7, ioredis 6.0). BullMQ ends its
 * blocking connection, a duplicate of the one that it is given, when an answer is late, and waits for that end; but it
 * connects it anew meanwhile, and no end comes. It also waits for connect(), which never settles where the cluster was not
 * ready at the first attempt.
 */
function steady(cluster: Cluster): Cluster {
  const disconnect = cluster.disconnect.bind(cluster);
  const connect = cluster.connect.bind(cluster);
  const duplicate = cluster.duplicate.bind(cluster);
  cluster.disconnect = (reconnect) => {
    disconnect(reconnect);
    if (reconnect !== true) setImmediate(() => cluster.emit('end'));
  };
  cluster.connect = () =>
    new Promise((resolve, reject) => {
      cluster.once('ready', resolve);
      connect().then(resolve, reject);
    });
  cluster.duplicate = (...args) => steady(duplicate(...args));
  return cluster;
}
