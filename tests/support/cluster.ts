import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisUrl } from './engines.ts';
import { freePort } from './ports.ts';

/** A Redis Cluster of three masters on loopback, the first one with a replica; memory only. */
export interface TestCluster {
  /** REDIS_URL: of its first node, or of all. */
  readonly url: string;
  readonly urls: string;
  /** Everything gone, everywhere. */
  clear(): Promise<void>;
  /** Every key of all masters; none stands on two of them. */
  keys(): Promise<string[]>;
  /**
   * Moves the slot of `key` to another master as redis-cli does, key by key, and calls `meanwhile` when it is open and
   * when the first half of the keys has gone. Gives how many keys moved.
   */
  moveSlot(key: string, meanwhile: () => Promise<void>): Promise<number>;
  /** Kills the master that has a replica, once that has all its data, and waits until it has taken over everywhere. */
  failOver(): Promise<void>;
  /** Whether the key belongs to the master that `failOver` kills. */
  isOnMortal(key: string): Promise<boolean>;
  close(): Promise<void>;
}

/** A cluster of six processes is a test on servers like others, though it brings its own. */
export const skipWithoutCluster =
  (redisUrl === undefined || spawnSync('redis-server', ['--version']).status !== 0) &&
  'needs servers (REDIS_URL), and redis-server for a cluster of its own';

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1000;

interface Node {
  readonly port: number;
  readonly busPort: number;
  readonly redis: Redis;
  readonly id: string;
  readonly child: ChildProcess;
}

export async function startCluster(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'newsrank-cluster-'));
  const nodes = await Promise.all(Array.from({ length: 4 }, () => startNode(folder)));
  const [mortal, second, third, replica] = nodes as [Node, Node, Node, Node];
  const masters = [mortal, second, third];
  const firstSlot = (index: number) => Math.ceil((SLOTS * index) / masters.length);
  await Promise.all(
    masters.map(({ redis }, index) =>
      redis.call('CLUSTER', 'ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1),
    ),
  );
  // Their epochs must differ, and nobody else sets them apart as fast.
  await Promise.all(nodes.map(({ redis }, index) => redis.cluster('SET-CONFIG-EPOCH', index + 1)));
  await Promise.all(
    nodes.slice(1).map(({ port, busPort }) => mortal.redis.cluster('MEET', '127.0.0.1', port, busPort)),
  );
  const know = (node: Node, text: string) => node.redis.cluster('NODES').then((list) => String(list).includes(text));
  await until(async () => (await Promise.all(nodes.map((node) => know(replica, node.id)))).every(Boolean));
  await replica.redis.cluster('REPLICATE', mortal.id);
  const isOk = async ({ redis }: Node) => String(await redis.cluster('INFO')).includes('cluster_state:ok');
  await until(async () => (await Promise.all(nodes.map(isOk))).every(Boolean));
  await until(async () => String(await replica.redis.info('replication')).includes('master_link_status:up'));

  const living = () => (mortal.child.killed ? [second, third, replica] : masters);
  const slotsOf = async (node: Node) => await node.redis.cluster('SLOTS');
  const slotOf = async (key: string) => await third.redis.cluster('KEYSLOT', key);
  return {
    url: urlOf([mortal]),
    urls: urlOf(nodes),
    async clear() {
      await Promise.all(living().map(({ redis }) => redis.flushall()));
    },
    async keys() {
      const keys = (await Promise.all(living().map(({ redis }) => redis.keys('*')))).flat();
      if (new Set(keys).size < keys.length) throw new Error('a key stands on two masters');
      return keys;
    },
    async moveSlot(key, meanwhile) {
      const slot = await slotOf(key);
      const from = masters.find((_, index) => slot < firstSlot(index + 1)) ?? third;
      const to = from === second ? third : second;
      await to.redis.cluster('SETSLOT', slot, 'IMPORTING', from.id);
      await from.redis.cluster('SETSLOT', slot, 'MIGRATING', to.id);
      await meanwhile();
      const keys = await from.redis.cluster('GETKEYSINSLOT', slot, 1_000_000);
      const migrate = (part: readonly string[]) =>
        part.length > 0 && from.redis.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...part);
      await migrate(keys.slice(0, keys.length / 2));
      await meanwhile();
      await migrate(await from.redis.cluster('GETKEYSINSLOT', slot, 1_000_000));
      for (const node of [to, from, ...masters]) await node.redis.cluster('SETSLOT', slot, 'NODE', to.id);
      return keys.length;
    },
    async isOnMortal(key) {
      const slot = await slotOf(key);
      const slots = await slotsOf(third);
      return slots.some(([start, end, master]) => start <= slot && slot <= end && master?.[1] === mortal.port);
    },
    async failOver() {
      await until(async () => (await offsetOf(mortal, 'master')) === (await offsetOf(replica, 'slave')));
      mortal.redis.disconnect();
      mortal.child.kill('SIGKILL');
      await once(mortal.child, 'exit');
      const hasMoved = async (node: Node) => {
        const slots = await slotsOf(node);
        return slots.every(([, , master]) => master?.[1] !== mortal.port) && (await isOk(node));
      };
      await until(async () => (await Promise.all(living().map(hasMoved))).every(Boolean));
    },
    async close() {
      for (const { redis, child } of nodes) {
        redis.disconnect();
        child.kill('SIGKILL');
      }
      await Promise.all(nodes.map(({ child }) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const urlOf = (nodes: readonly Node[]): string => `redis://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;

async function startNode(folder: string): Promise<Node> {
  const [port, busPort] = await Promise.all([freePort(), freePort()]);
  const settings = {
    ...{ port, 'cluster-port': busPort, bind: '127.0.0.1', dir: folder, save: '', loglevel: 'warning' },
    ...{ 'cluster-enabled': 'yes', 'cluster-config-file': `${port}.conf`, 'cluster-node-timeout': NODE_TIMEOUT_MS },
    ...{ 'repl-diskless-sync-delay': 0, 'cluster-replica-validity-factor': 0 },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  const id = String(await redis.cluster('MYID'));
  return { port, busPort, redis, id, child };
}

async function offsetOf({ redis }: Node, role: 'master' | 'slave'): Promise<string | undefined> {
  return new RegExp(`^${role}_repl_offset:(\\d+)`, 'm').exec(await redis.info('replication'))?.[1];
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
