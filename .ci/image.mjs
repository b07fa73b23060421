// Does what the Dockerfile says in a plain folder, where no Docker engine runs: its COPY, RUN and ENV, stage by stage, then
// its CMD as a user who may write nowhere but in a scratch folder, until its HEALTHCHECK is content; then stops it. Proves
// that what is copied is all that is needed. Knows the instructions that our Dockerfile has, and refuses others.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const NOBODY = 65_534;
const PATIENCE_MS = 60_000;

const root = mkdtempSync(join(tmpdir(), 'newsrank-image-'));
chmodSync(root, 0o755);
const context = new URL('..', import.meta.url).pathname;
/** What Docker would hand over: everything is left out but what is named. */
const handedOver = readFileSync(join(context, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));
const stages = new Map();
let stage;

const handlers = {
  FROM(rest) {
    const [, name = 'final'] = / AS (\S+)/.exec(rest) ?? [];
    stage = { folder: join(root, name), env: {}, user: 'root' };
    mkdirSync(stage.folder);
    stages.set(name, stage);
  },
  WORKDIR(rest) {
    if (rest !== '/app') throw new Error('the work folder must be /app');
  },
  ENV(rest) {
    for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
  },
  COPY(rest) {
    const [, from] = /--from=(\S+)/.exec(rest) ?? [];
    const paths = rest.split(' ').filter((word) => !word.startsWith('--'));
    const target = paths.pop();
    for (const path of paths) {
      if (from === undefined && !handedOver.includes(path.replace('./', '')))
        throw new Error(`.dockerignore leaves out ${path}`);
      const source =
        from === undefined ? join(context, path) : join(stages.get(from).folder, path.replace(/^\/app\//, ''));
      const place = target === './' ? join(stage.folder, basename(path)) : join(stage.folder, target);
      cpSync(source, place, { recursive: true, verbatimSymlinks: true });
    }
  },
  RUN(rest) {
    const command = rest.replace(/ && npm cache clean --force/, '');
    execFileSync('sh', ['-c', command], { cwd: stage.folder, stdio: 'inherit' });
  },
  USER(rest) {
    stage.user = rest;
  },
  HEALTHCHECK(rest) {
    stage.health = JSON.parse(rest.slice(rest.indexOf('['))).at(-1);
  },
  CMD(rest) {
    stage.command = JSON.parse(rest);
  },
  EXPOSE() {},
  STOPSIGNAL(rest) {
    stage.signal = rest;
  },
};

const lines = readFileSync(join(context, 'Dockerfile'), 'utf8').split('\n');
for (const line of lines.filter((one) => one !== '' && !one.startsWith('#'))) {
  const [, name, rest] = /^(\S+) (.*)$/.exec(line);
  if (handlers[name] === undefined) throw new Error(`an instruction that this does not know: ${line}`);
  handlers[name](rest);
}

try {
  await tryImage(stage);
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function tryImage({ folder, env, user, command, health, signal }) {
  if (user === 'root') throw new Error('the image runs as root');
  const scratch = join(root, 'tmp');
  mkdirSync(scratch);
  chmodSync(scratch, 0o777);
  const port = await freePort();
  const [program, ...args] = command;
  const asNobody = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const startedAt = Date.now();
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      TMPDIR: scratch,
      HOME: '/nonexistent',
      ...env,
      DATA_DIR: join(scratch, 'data'),
      PORT: String(port),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    ...asNobody,
  });
  const ended = once(child, 'exit');
  const url = health.replace(':8080', `:${port}`);
  for (let isHealthy = false; !isHealthy; ) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (Date.now() - startedAt > PATIENCE_MS) throw new Error(`not healthy within ${PATIENCE_MS / 1000} s`);
    await sleep(50);
    isHealthy = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  }
  console.log(`healthy after ${Date.now() - startedAt} ms: ${url}`);
  child.kill(signal);
  const [code] = await ended;
  if (code !== 0) throw new Error(`stopped with ${code}`);
  console.log('the steps of the image work');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
