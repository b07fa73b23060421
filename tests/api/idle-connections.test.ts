import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endIdleConnections } from '../../src/api/idle-connections.ts';

const IDLE = { idleMs: 1000, everyMs: 5 };
const GET = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';

test('a connection ends when nothing has moved on it for so long, whether it ever carried anything or not', async () => {
  let now = 0;
  let looks = 0;
  const clock = () => {
    looks++;
    return now;
  };
  const server = createServer((_, response) => response.end('ok'));
  server.keepAliveTimeout = 0;
  endIdleConnections(server, IDLE, clock);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const open = async () => {
    const socket = connect(address.port, '127.0.0.1');
    await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    return socket.resume();
  };
  const [silent, resting, busy] = [await open(), await open(), await open()];
  const ask = async (socket: typeof silent) => {
    socket.write(GET);
    await once(socket, 'data');
  };
  /** Until all connections were looked at once more, and what ended is known here. */
  const lookAgain = async () => {
    const before = looks;
    while (looks < before + 2) await sleep(1);
    await sleep(20);
  };
  const open3 = () => [silent, resting, busy].map(({ closed }) => !closed);

  await ask(resting);
  await lookAgain();
  now = 999;
  await ask(busy);
  await lookAgain();
  assert.deepEqual(open3(), [true, true, true]);
  now = 1000;
  await Promise.all([once(silent, 'close'), once(resting, 'close')]);
  await lookAgain();
  assert.deepEqual(open3(), [false, false, true]);
  now = 1999;
  await once(busy, 'close');
  await new Promise((resolve) => server.close(resolve));
});
