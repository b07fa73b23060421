import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './port.ts';
import { becomes, type ServerProcess, startServer } from './process.ts';

/** A PostgreSQL of our own, from Debian's package. */
export interface Postgres {
  readonly port: number;
  url(port?: number): string;
  start(): Promise<void>;
  /** `SIGINT` as an operator's restart, `SIGQUIT` as a crash: it recovers at its next start. */
  stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  isRunning(): boolean;
}

/** Initialises a database cluster in `folder`/postgres and starts it. */
export async function openPostgres(folder: string, log: string): Promise<Postgres> {
  const bin = newestBin();
  if (bin === undefined) throw new Error('there is no PostgreSQL');
  const user = unprivileged();
  const data = join(folder, 'postgres');
  mkdirSync(data, { recursive: true });
  if (user !== undefined) chownSync(data, user.uid, user.gid);
  const init = [`--pgdata=${data}`, '--username=newsrank', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8'];
  execFileSync(join(bin, 'initdb'), [...init, '--no-sync'], { ...user, cwd: '/', stdio: 'ignore' });
  const port = await freePort();
  // fsync is for power cuts, which no process can make.
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, fsync: 'off' };
  const args = ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])];
  let server: ServerProcess | undefined;
  const answers = async () =>
    spawnSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0;
  const postgres: Postgres = {
    port,
    url: (at = port) => `postgres://newsrank@127.0.0.1:${at}/newsrank`,
    async start() {
      // Where its disk was full it gives up while it recovers, and is started again, as a supervisor does.
      const isUp = await becomes(async () => {
        if (server?.isRunning() !== true) server = startServer(join(bin, 'postgres'), args, log, user);
        return answers();
      }, 60);
      if (!isUp) throw new Error(`PostgreSQL does not start: see ${log}`);
    },
    async stop(signal) {
      await server?.end(signal);
    },
    isRunning: () => server?.isRunning() === true,
  };
  await postgres.start();
  execFileSync(join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'newsrank', 'newsrank']);
  return postgres;
}

/** Where Debian puts PostgreSQL's programs; undefined where it is not installed. */
export function newestBin(): string | undefined {
  const root = '/usr/lib/postgresql';
  const isServer = (version: string) => existsSync(join(root, version, 'bin', 'initdb'));
  const versions = (existsSync(root) ? readdirSync(root) : []).filter(isServer);
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? undefined : join(root, newest, 'bin');
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
