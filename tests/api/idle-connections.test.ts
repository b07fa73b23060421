import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endIdleConnections } from '../../src/api/idle-connections.ts';
import { serverFor } from './server-under-test.ts';

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

test('where localhost has two addresses, connections to the second do not rest for ever either', async (t) => {
  const both = ['127.0.0.1', '127.0.0.2'];
  // Fastify asks for all addresses, and Node, depending on its version, for one.
  t.mock.method(dns, 'lookup', (host: string, ...rest: unknown[]) => {
    const [options, hear] = [rest[0], rest.at(-1) as (error: null, found: unknown, family?: number) => void];
    const found = host === 'localhost' ? both : [host];
    if (options === hear || (options as dns.LookupOptions).all !== true) return hear(null, found[0], 4);
    hear(
      null,
      found.map((address) => ({ address, family: 4 })),
    );
  });
  const timeouts = new Map<string | undefined, number | undefined>();
  const onSocket = (message: unknown) => {
    const { socket } = message as { socket: Socket & { server: Server & { timeout?: number } } };
    timeouts.set(socket.localAddress, socket.server.timeout);
  };
  channel('net.server.socket').subscribe(onSocket);
  t.after(() => channel('net.server.socket').unsubscribe(onSocket));
  const app = await serverFor();
  t.after(() => app.close());
  await app.listen({ host: 'localhost', port: 0 });
  const addresses = app.addresses() as readonly AddressInfo[];
  if (addresses.length < 2)
    return t.skip('needs 127.0.0.2 on the loopback interface (Linux has it, macOS and BSD do not)');
  for (const { address, port } of addresses) {
    const socket = connect(port, address);
    await once(socket, 'connect');
    while (!timeouts.has(address)) await sleep(1);
    socket.destroy();
  }
  assert.deepEqual(
    both.map((address) => timeouts.get(address)),
    [0, 120_000],
  );
});
