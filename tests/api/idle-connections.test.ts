import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endIdleConnections } from '../../src/api/idle-connections.ts';

const IDLE = { idleMs: 200, everyMs: 20 };
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

test('a connection ends when nothing has moved on it for so long, whether it ever carried anything or not', async () => {
  const server = createServer((_, response) => response.end('ok'));
  server.keepAliveTimeout = 0;
  endIdleConnections(server, IDLE);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const open = () => connect(address.port, '127.0.0.1').resume();
  const [silent, resting, busy] = [open(), open(), open()];
  const ends = { silent: 0, resting: 0, busy: 0 };
  silent.once('close', () => (ends.silent = performance.now()));
  resting.once('close', () => (ends.resting = performance.now()));
  busy.once('close', () => (ends.busy = performance.now()));
  resting.write(GET);
  const startedAt = performance.now();
  while (performance.now() - startedAt < 600) {
    busy.write(GET);
    await sleep(20);
  }
  assert.ok(ends.silent >= startedAt + IDLE.idleMs - 5, `${ends.silent - startedAt}`);
  assert.ok(ends.resting >= startedAt + IDLE.idleMs - 5, `${ends.resting - startedAt}`);
  assert.equal(ends.busy, 0);
  await once(busy, 'close');
  await new Promise((resolve) => server.close(resolve));
});
