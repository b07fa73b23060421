import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './port.ts';
import { becomes, type ServerProcess, startServer } from './process.ts';

/** A Redis of our own with an append-only file, as config/redis.conf asks, or a cluster of them. */
export interface RedisServer {
  readonly port: number;
  url(port?: number): string;
  /** Starts it, also again after its end; resolves when it has loaded its file and answers. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Runs a command on it, past all proxies. */
  call(...command: readonly [string, ...(string | number)[]]): Promise<unknown>;
  close(): Promise<void>;
}

export async function openRedis(folder: string, log: string, extra: Record<string, string> = {}): Promise<RedisServer> {
  const port = await freePort();
  const data = join(folder, `redis-${port}`);
  mkdirSync(data, { recursive: true });
  const settings = {
    ...{ port: String(port), bind: '127.0.0.1', dir: data, save: '' },
    ...{ appendonly: 'yes', appendfsync: 'everysec', 'maxmemory-policy': 'noeviction', ...extra },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  client.on('error', () => {});
  let server: ServerProcess | undefined;
  const redis: RedisServer = {
    port,
    url: (at = port) => `redis://127.0.0.1:${at}`,
    async start() {
      server = startServer('redis-server', args, log);
      const isUp = await becomes(async () => (await client.ping()) === 'PONG', 30);
      if (!isUp) throw new Error(`Redis does not start: see ${log}`);
    },
    async kill() {
      await server?.end('SIGKILL');
    },
    call: (name, ...rest) => client.call(name, ...rest),
    async close() {
      client.disconnect();
      await server?.end('SIGKILL');
    },
  };
  await redis.start();
  return redis;
}
