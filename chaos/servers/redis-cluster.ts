import { execFileSync } from 'node:child_process';
import { mustBecome } from './process.ts';
import { openRedis, type RedisServer } from './redis.ts';

export interface RedisCluster extends RedisServer {
  /** Kills a master and waits for nothing. */
  killMaster(): Promise<void>;
}

const NODES = 6;

/** Three masters, each with a replica, joined by redis-cli as an operator does. */
export async function openRedisCluster(folder: string, log: string): Promise<RedisCluster> {
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '5000' };
  const nodes = await Promise.all(Array.from({ length: NODES }, () => openRedis(folder, log, settings)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'];
  execFileSync('redis-cli', create, { stdio: 'ignore' });
  const [first] = nodes as [RedisServer];
  const says = async (node: RedisServer, part: 'CLUSTER' | 'INFO', what: string, line: string) =>
    String(await node.call(part, what)).includes(line);
  const isWhole = async () => {
    for (const node of nodes) if (!(await says(node, 'CLUSTER', 'INFO', 'cluster_state:ok'))) return false;
    return true;
  };
  await mustBecome('a cluster', isWhole, 60);
  return {
    ...first,
    url: () => `redis://${addresses.join(',')}`,
    async killMaster() {
      for (const node of nodes) {
        if (await says(node, 'INFO', 'replication', 'role:master')) return node.kill();
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}
