import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { Queue, Worker } from 'bullmq';
import { closeRedis, openRedis, type RedisClient } from '../../src/engines/redis.ts';
import { openTestRedis } from '../support/engines.ts';
import { listenFor } from '../support/ports.ts';

let server: { url: string; close(): Promise<void> };
before(async () => {
  server = await openTestRedis();
});
after(() => server.close());

/** The way to the server, which can be blocked and cut. */
const way = { isBlocked: false, sockets: new Set<Socket>() };

beforeEach(() => {
  way.isBlocked = false;
});

function through(socket: Socket): void {
  if (way.isBlocked) {
    socket.destroy();
    return;
  }
  const { hostname, port } = new URL(server.url);
  const onward = connect(Number(port), hostname);
  onward.on('error', () => socket.destroy());
  socket.pipe(onward).pipe(socket);
  way.sockets.add(socket);
  socket.on('close', () => {
    way.sockets.delete(socket);
    onward.destroy();
  });
}

/** As once(), which fails however when an error is heard first: here errors are part of the matter. */
function heard(client: RedisClient, event: 'ready' | 'reconnecting'): Promise<void> {
  return new Promise((resolve) => client.once(event, () => resolve()));
}

function cut(): void {
  for (const socket of way.sockets) socket.destroy();
}

test('a command that was under way fails when the connection breaks; the next ones work again', async (t) => {
  const port = await listenFor(t, through);
  const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${port}` }).href;
  const redis = await openRedis(url, 'commands', () => {});
  await redis.set('kept', 'yes');

  const underWay = redis.blpop('nothing', 0);
  way.isBlocked = true;
  cut();
  await assert.rejects(underWay, /retries/);
  await assert.rejects(redis.get('kept'), /enableOfflineQueue/);

  // Several attempts fail before one succeeds.
  for (let attempt = 0; attempt < 3; attempt++) await heard(redis, 'reconnecting');
  way.isBlocked = false;
  await heard(redis, 'ready');
  assert.equal(await redis.get('kept'), 'yes');
  await closeRedis(redis);
});

test('a connection that is half open is given up, and made anew', async (t) => {
  const port = await listenFor(t, through);
  const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${port}` }).href;
  const redis = await openRedis(url, 'commands', () => {});
  await redis.set('kept', 'yes');

  // Nothing comes through any more, and nobody is told.
  for (const socket of way.sockets) socket.unpipe().pause();
  const isBack = heard(redis, 'ready');
  await assert.rejects(redis.get('kept'), /timed out/);
  await isBack;
  assert.equal(await redis.get('kept'), 'yes');
  await closeRedis(redis);
});

test('half-open connections that nobody uses are found all at once, not one after the other', async (t) => {
  const port = await listenFor(t, through);
  const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${port}` }).href;
  const idle = await Promise.all(['commands', 'commands'].map(() => openRedis(url, 'commands', () => {})));
  for (const socket of way.sockets) socket.unpipe().pause();
  const startedAt = performance.now();
  await Promise.all(idle.map((redis) => heard(redis, 'ready')));
  // Three seconds until one is asked, three until its answer is missed.
  const ms = performance.now() - startedAt;
  assert.ok(ms < 15_000, `${ms} ms`);
  await Promise.all(idle.map(closeRedis));
});

test('workers go on by themselves when Redis is back', async (t) => {
  const port = await listenFor(t, through);
  const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${port}` }).href;
  const [adding, taking] = await Promise.all([openRedis(url, 'queue', () => {}), openRedis(url, 'worker', () => {})]);
  const queue = new Queue('reconnect', { connection: adding, prefix: '{newsrank}' });
  const done = new EventEmitter();
  const work = async (job: { name: string }) => {
    done.emit(job.name);
    return {};
  };
  const worker = new Worker('reconnect', work, { connection: taking, prefix: '{newsrank}' });
  // Heard, and not passed on: broken connections are what this is about.
  queue.on('error', () => {});
  worker.on('error', () => {});
  const before = once(done, 'before');
  await queue.add('before', {});
  await before;

  const isBack = heard(adding, 'ready');
  cut();
  await isBack;
  const after = once(done, 'after');
  await queue.add('after', {});
  await after;
  // By force: BullMQ may wait for ever for a blocking connection that is only just reconnecting.
  await worker.close(true);
  await queue.close();
  await Promise.all([closeRedis(adding), closeRedis(taking)]);
});
