import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, mock, test } from 'node:test';
import { type Hub, openHub, type WantedList } from '../../src/api/hub.ts';
import { parseListNames } from '../../src/api/schemas/stream.ts';
import { CodedError } from '../../src/errors.ts';
import type { CategorySlug } from '../../src/ids.ts';
import type { ListKey, Snapshot } from '../../src/ranking/list.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';

const SITE: ListKey = { kind: 'access', scope: 'site', window: '24h' };
const POLITICS: ListKey = { kind: 'popular', scope: 'politics' as CategorySlug, window: null };

const wanted = (...keys: ListKey[]): WantedList[] => keys.map((key) => ({ key, categoryName: undefined, limit: 5 }));
const snapshotOf = (key: ListKey, version: string): Snapshot => ({
  ...emptySnapshot(key, { siteName: `JN${padding}` }, new Date(0)),
  version,
});

let padding = '';
const responses: ServerResponse[] = [];
const versions = new Map<string, string>();
let looks = 0;
let hub: Hub;
let url: string;
const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://a');
  const keys = searchParams.get('lists') === 'both' ? [SITE, POLITICS] : [SITE];
  responses.push(response);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  void hub.join(response, wanted(...keys), searchParams.get('last') ?? undefined);
});

before(async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  hub = openHub(
    {
      async current(key) {
        looks += 1;
        return snapshotOf(key, versions.get(key.kind) ?? '1');
      },
    },
    (error) => assert.fail(String(error)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

after(async () => {
  hub.close();
  server.close();
  server.closeAllConnections();
  mock.timers.reset();
});

/** Reads a stream until `isEnough` holds; what was read. */
async function listener(query: string) {
  const leave = new AbortController();
  const answer = await fetch(url + query, { signal: leave.signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  let text = '';
  return {
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) {
        const { value, done } = await reader.read();
        assert.equal(done, false, `ended before ${pattern}: ${text}`);
        text += value;
      }
      return text;
    },
    async ends(): Promise<void> {
      while (!(await reader.read()).done);
    },
    leave: () => leave.abort(),
  };
}

const gone = async (size: number) => {
  while (hub.size > size) await new Promise((resolve) => setImmediate(resolve));
};

test('a listener hears the lists as they are, then each change, each once', async () => {
  const someone = await listener('?lists=both');
  const first = await someone.until(/popular[^\n]*\n\n/);
  assert.match(
    first,
    /^retry: \d+\n\nevent: list\nid: 1\ndata: \{"list":"access".*\}\n\nevent: list\nid: 1\ndata: \{"list":"popular"/,
  );
  versions.set('access', '2');
  mock.timers.tick(1000);
  const next = await someone.until(/id: 2\n[^\n]*\n\n/);
  assert.equal(next.match(/"list":"access"/g)?.length, 2);
  assert.equal(next.match(/"list":"popular"/g)?.length, 1);
  someone.leave();
  await gone(0);
});

test('who comes back with the last id is not told again', async () => {
  versions.set('access', '7');
  const back = await listener('?last=7');
  await back.until(/^retry: \d+\n\n$/);
  versions.set('access', '8');
  mock.timers.tick(1000);
  const text = await back.until(/id: 8\n/);
  assert.doesNotMatch(text, /id: 7\n/);
  back.leave();
  await gone(0);
});

test('many listeners cost one look a second, a heartbeat keeps them, none costs nothing', async () => {
  const many = await Promise.all(Array.from({ length: 20 }, () => listener('')));
  await Promise.all(many.map((one) => one.until(/data: /)));
  assert.equal(hub.size, 20);
  const before = looks;
  mock.timers.tick(1000);
  assert.equal(looks - before, 1);
  mock.timers.tick(15_000);
  await Promise.all(many.map((one) => one.until(/^: /m)));
  for (const one of many) one.leave();
  await gone(0);
  const idle = looks;
  mock.timers.tick(60_000);
  assert.equal(looks, idle);
});

test('who leaves does not take the list from who just came', async () => {
  const first = await listener('');
  await first.until(/data: /);
  const second = await listener('');
  first.leave();
  await gone(1);
  await second.until(/data: /);
  versions.set('access', '9');
  mock.timers.tick(1000);
  await second.until(/id: 9\n/);
  second.leave();
  await gone(0);
});

/** A connection that reads only when it is told to. */
async function idler() {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.setEncoding('utf8').pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  while (hub.size === 0) await new Promise((resolve) => setImmediate(resolve));
  return socket;
}

/** Publishes versions that together are more than any socket's buffers hold, within one heartbeat. */
async function publishMuch(from: number, to: number): Promise<void> {
  for (let version = from; version <= to; version++) {
    versions.set('access', String(version));
    mock.timers.tick(1000);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

test('who reads slowly gets the newest of each list, not all, and little waits for him', async () => {
  padding = 'x'.repeat(4 * 1024 * 1024);
  const slow = await idler();
  await publishMuch(100, 109);
  const waiting = Math.max(...responses.map(({ writableLength }) => writableLength));
  assert.ok(waiting > 0 && waiting < 3 * padding.length, `${waiting} bytes wait`);
  const told: number[] = [];
  let end = '';
  slow.on('data', (chunk: string) => {
    for (const [, id] of (end + chunk).matchAll(/^id: (\d+)\n/gm)) {
      if (Number(id) !== told.at(-1)) told.push(Number(id));
    }
    end = chunk.slice(-40);
  });
  slow.resume();
  while (told.at(-1) !== 109) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(told.length < 8, `${told.length} of 11 versions`);
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  );
  slow.destroy();
  await gone(0);
});

test('who does not read from one heartbeat to the next is let go', async () => {
  padding = 'x'.repeat(4 * 1024 * 1024);
  const dead = await idler();
  await publishMuch(200, 209);
  mock.timers.tick(15_000);
  assert.equal(hub.size, 1, 'he has until the next');
  mock.timers.tick(15_000);
  await gone(0);
  padding = '';
  dead.destroy();
});

test('shutdown ends every stream', async () => {
  const last = await listener('');
  await last.until(/data: /);
  hub.close();
  await last.ends();
});

test('lists are named by kind, category and window', () => {
  assert.deepEqual(parseListNames('rising:politics'), [{ kind: 'rising', scope: 'politics', window: null }]);
  assert.deepEqual(parseListNames('popular:politics,access:24h, access:politics:7d,access'), [
    POLITICS,
    SITE,
    { kind: 'access', scope: 'politics', window: '7d' },
    SITE,
  ]);
  for (const text of [
    'falling',
    'toString',
    'access:politics:sports',
    ',',
    Array.from({ length: 21 }, (_, i) => `popular:${i}`).join(),
  ]) {
    assert.throws(() => parseListNames(text), CodedError, text);
  }
});
