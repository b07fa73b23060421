import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import fastify from 'fastify';
import { streamRoutes } from '../../src/api/routes/stream.ts';
import { openLog } from '../../src/log.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';
import { eventually } from '../support/product.ts';

/** As many as one address may have open. */
const MOST = 1000;

/** Only the route; `named` is called when a category's name is looked up, and `looked` when a list is. */
async function serve(t: TestContext, named: () => Promise<void> = async () => {}, looked: () => void = () => {}) {
  const app = fastify({ forceCloseConnections: true });
  const log = openLog('silent', { write() {} });
  await app.register(
    streamRoutes(
      { log },
      {
        async categoryName(slug) {
          await named();
          return slug;
        },
        async current(key) {
          looked();
          return { ...emptySnapshot(key, { siteName: 'JN' }, new Date(0)), version: '1' };
        },
        fresh: () => undefined,
        at: () => assert.fail(),
      },
    ),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.after(() => app.close());
  return {
    open: () => connect((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {}),
    connections: promisify(app.server.getConnections.bind(app.server)),
  };
}

const asked = (lists: string) => `GET /v1/stream?lists=${lists} HTTP/1.1\r\nHost: a.example\r\n\r\n`;

async function statusOf(socket: Socket): Promise<string | undefined> {
  const [answer] = await once(socket, 'data');
  return /^HTTP\/1\.1 (\d+)/.exec(String(answer))?.[1];
}

test('streams that were asked for behind another on its connection are gone with it, and take nobody his own', async (t) => {
  const { open, connections } = await serve(t);
  const greedy = open();
  greedy.write(asked('popular').repeat(MOST + 100));
  assert.equal(await statusOf(greedy), '200');
  greedy.destroy();
  await eventually('the server knows', async () => (await connections()) === 0);
  await sleep(1);
  for (const other of [open(), open()]) {
    other.write(asked('popular'));
    assert.equal(await statusOf(other), '200');
  }
});

test('who leaves while his lists are looked up is not listened for', async (t) => {
  let find = () => {};
  let looks = 0;
  const found = new Promise<void>((resolve) => {
    find = resolve;
  });
  let names = 0;
  const { open, connections } = await serve(
    t,
    () => {
      names++;
      return found;
    },
    () => looks++,
  );
  const hasty = open();
  hasty.write(asked('popular:politics'));
  await eventually('the name is looked up', async () => names === 1);
  hasty.destroy();
  await eventually('the server knows', async () => (await connections()) === 0);
  await sleep(1);
  find();
  await sleep(20);
  assert.equal(looks, 0);
});
