import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { type FetchRequest, fetchFeed } from '../../src/feeds/fetch.ts';
import { type FetchLimits, openHttpClient } from '../../src/feeds/http-client.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';

const BODY = '<rss version="2.0"><channel><title>T</title></channel></rss>';
const guard = openAddressGuard(['127.0.0.1/32']);
let origin: Origin;
let other: Origin;

before(async () => {
  origin = await openOrigin();
  other = await openOrigin();
});
after(async () => {
  await origin.close();
  await other.close();
});

async function get(path: string, wanted: Partial<FetchRequest> = {}, limits: Partial<FetchLimits> = {}) {
  const client = openHttpClient({ guard, userAgent: 'newsrank-test', limits });
  try {
    return await fetchFeed(client, { ...PLAIN, url: new URL(path, origin.url).href, ...wanted });
  } finally {
    await client.close();
  }
}

const PLAIN = { etag: null, lastModified: null, requestHeaders: {}, basicAuth: null, userAgent: null };

/** `answer 200`, or `failed timeout`. */
const summary = (result: Awaited<ReturnType<typeof get>>) =>
  `${result.kind} ${result.kind === 'answer' ? result.status : result.failure}`;

test('an answer comes with status, headers and bytes', async () => {
  origin.on('/plain', sending(BODY, { etag: 'W/"1"', 'content-type': 'application/rss+xml' }));
  const result = await get('/plain');
  assert.ok(result.kind === 'answer');
  assert.equal(Buffer.from(result.body).toString(), BODY);
  assert.equal(result.wireBytes, BODY.length);
  assert.equal(result.headers['etag'], 'W/"1"');
  assert.equal(result.movedTo, null);
  assert.equal(origin.requests.at(-1)?.headers['user-agent'], 'newsrank-test');
});

test('validators go back byte for byte, own headers and basic auth with them', async () => {
  const etag = Buffer.from('W/"\u00e9\u3042 x"').toString('latin1');
  origin.on('/etag', sending(BODY, { etag }));
  const first = await get('/etag');
  assert.ok(first.kind === 'answer');
  assert.equal(first.headers['etag'], etag);
  origin.on('/etag', (request, response) => {
    response.writeHead(request.headers['if-none-match'] === etag ? 304 : 200).end();
  });
  const wanted = { etag, lastModified: 'yesterday-ish', requestHeaders: { 'X-Key': 'k' }, basicAuth: 'me:päss' };
  assert.equal(summary(await get('/etag', wanted)), 'answer 304');
  const { headers } = origin.requests.at(-1) ?? {};
  assert.equal(headers?.['if-modified-since'], 'yesterday-ish');
  assert.equal(headers?.['x-key'], 'k');
  assert.equal(headers?.authorization, `Basic ${Buffer.from('me:päss').toString('base64')}`);
});

test('every encoding is unpacked, and a lie about it forgiven', async () => {
  const text = BODY.repeat(50);
  const packed: Record<string, Uint8Array> = {
    gzip: gzipSync(text),
    'x-gzip': gzipSync(text),
    GZIP: gzipSync(text),
    deflate: deflateSync(text),
    'deflate ': deflateRawSync(text),
    br: brotliCompressSync(text),
    'gzip, br': brotliCompressSync(gzipSync(text)),
    identity: Buffer.from(text),
    'utf-8': Buffer.from(text),
    ' gzip': Buffer.from(text),
  };
  for (const [encoding, bytes] of Object.entries(packed)) {
    origin.on('/packed', sending(bytes, { 'content-encoding': encoding }));
    const result = await get('/packed');
    assert.ok(result.kind === 'answer', encoding);
    assert.equal(Buffer.from(result.body).toString(), text, encoding);
    assert.equal(result.wireBytes, bytes.length, encoding);
  }
});

// From Node 22.15 on; the types are those of Node 20.
const { zstdCompressSync, constants } = zlib as {
  readonly zstdCompressSync?: (bytes: Uint8Array, options?: { params: Record<number, number> }) => Uint8Array;
  readonly constants: { readonly ZSTD_c_windowLog?: number; readonly ZSTD_c_compressionLevel?: number };
};

test('zstd is asked for where Node has it, and only there', async () => {
  origin.on('/plain', sending(BODY));
  await get('/plain');
  const asked = origin.requests.at(-1)?.headers['accept-encoding'];
  assert.equal(asked, zstdCompressSync === undefined ? 'gzip, deflate, br' : 'gzip, deflate, br, zstd');
});

test('zstd is unpacked within the same limits', {
  skip: zstdCompressSync === undefined && 'needs Node 22.15',
}, async () => {
  assert.ok(zstdCompressSync);
  const send = (bytes: Uint8Array) => origin.on('/zstd', sending(bytes, { 'content-encoding': 'zstd' }));
  send(zstdCompressSync(Buffer.from(BODY.repeat(50))));
  const result = await get('/zstd');
  assert.ok(result.kind === 'answer');
  assert.equal(Buffer.from(result.body).toString(), BODY.repeat(50));
  send(Buffer.from(BODY));
  assert.equal(summary(await get('/zstd')), 'answer 200', 'a lie about it');
  send(zstdCompressSync(Buffer.from(BODY.repeat(50))).subarray(0, 30));
  assert.equal(summary(await get('/zstd')), 'failed parse');
  send(zstdCompressSync(Buffer.alloc(3_000_000)));
  const limits = { wireBytes: 100_000, decodedBytes: 2_000_000, ratioFromBytes: 100_000 };
  assert.equal(summary(await get('/zstd', {}, limits)), 'failed too-large');
  // A frame that asks for a window of 128 MiB, more than HTTP allows.
  const params = { [constants.ZSTD_c_windowLog ?? 0]: 27, [constants.ZSTD_c_compressionLevel ?? 0]: 1 };
  send(zstdCompressSync(randomBytes(9_000_000), { params }));
  assert.equal(summary(await get('/zstd')), 'failed parse');
});

test('empty bodies are empty, packed or not', async () => {
  origin.on('/empty', sending('', { 'content-encoding': 'gzip' }));
  origin.on('/204', sending('', {}, 204));
  for (const path of ['/empty', '/204']) {
    const result = await get(path);
    assert.ok(result.kind === 'answer');
    assert.equal(result.body.length, 0);
  }
});

test('bombs and oversized bodies are given up', async () => {
  const zeros = Buffer.alloc(3_000_000);
  const limits = { wireBytes: 100_000, decodedBytes: 2_000_000, ratioFromBytes: 100_000 };
  origin.on('/gzip', sending(gzipSync(zeros), { 'content-encoding': 'gzip' }));
  origin.on('/br', sending(brotliCompressSync(zeros), { 'content-encoding': 'br' }));
  origin.on('/twice', sending(gzipSync(gzipSync(zeros)), { 'content-encoding': 'gzip, gzip' }));
  origin.on('/ratio', sending(gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }));
  origin.on('/often', sending(BODY, { 'content-encoding': 'gzip, gzip, gzip' }));
  origin.on('/declared', sending(zeros));
  origin.on('/endless', (_, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(randomBytes(16_384)));
    };
    response.on('drain', more);
    more();
  });
  for (const path of ['/gzip', '/br', '/twice', '/ratio', '/often', '/declared', '/endless']) {
    const answer = await get(path, {}, limits);
    assert.equal(summary(answer), 'failed too-large', path);
    assert.equal(answer.status, 200, 'what the server answered is not lost');
  }
  // Four times the ratio is fine while the body is small.
  origin.on('/small', sending(gzipSync(Buffer.alloc(90_000, 'x')), { 'content-encoding': 'gzip' }));
  assert.equal(summary(await get('/small', {}, limits)), 'answer 200');
  await origin.whenIdle();
});

test('a body that is cut off or damaged is an error, never a stump', async () => {
  origin.on('/short', (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('<rss>', () => response.destroy());
  });
  origin.on('/chunks', (_, response) => {
    response.writeHead(200);
    response.write('<rss>', () => response.destroy());
  });
  origin.on('/cut', sending(gzipSync(BODY.repeat(20)).subarray(0, 60), { 'content-encoding': 'gzip' }));
  origin.on('/br', sending(brotliCompressSync(BODY.repeat(20)).subarray(0, 30), { 'content-encoding': 'br' }));
  origin.on(
    '/junk',
    sending(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(50)]), { 'content-encoding': 'gzip' }),
  );
  assert.equal(summary(await get('/short')), 'failed connect');
  assert.equal(summary(await get('/chunks')), 'failed connect');
  for (const path of ['/cut', '/br', '/junk']) assert.equal(summary(await get(path)), 'failed parse', path);
});

test('what is not HTTP, and a server that hangs up, are failures', async () => {
  origin.on('/junk', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
  origin.on('/bye', (request) => request.socket.destroy());
  origin.on('/heads', sending('', { 'x-long': 'x'.repeat(40_000) }));
  assert.equal(summary(await get('/junk')), 'failed connect');
  const before = origin.requests.length;
  assert.equal(summary(await get('/bye')), 'failed connect');
  assert.equal(origin.requests.length - before, 2, 'tried once more, since a kept connection may just have closed');
  assert.equal(summary(await get('/heads')), 'failed too-large');
});

test('a server that speaks no TLS, or refuses to connect, is told apart', async () => {
  const gone = await openOrigin();
  await gone.close();
  assert.equal(summary(await get('/', { url: origin.url.replace('http:', 'https:') })), 'failed tls');
  assert.equal(summary(await get('/', { url: gone.url })), 'failed connect');
});

test('silence, trickling and dawdling end in time, and the socket with them', async () => {
  origin.on('/silent', () => {});
  origin.on('/stalls', (_, response) => {
    response.writeHead(200).write('<rss>');
  });
  origin.on('/trickles', (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(timer));
  });
  origin.on('/dawdles', (_, response) => {
    response.writeHead(302, { location: '/dawdles2' }).write('x');
  });
  origin.on('/dawdles2', (request) => origin.requests.push(request));
  assert.equal(summary(await get('/silent', {}, { headersMs: 50 })), 'failed timeout');
  assert.equal(summary(await get('/stalls', {}, { idleMs: 50 })), 'failed timeout');
  assert.equal(summary(await get('/trickles', {}, { totalMs: 150 })), 'failed timeout');
  assert.equal(summary(await get('/dawdles', {}, { totalMs: 150 })), 'failed timeout');
  await origin.whenIdle();
});

test("the caller's own abort is thrown, not taken for a failure of the server", async () => {
  origin.on('/silent', () => {});
  const client = openHttpClient({ guard, userAgent: 'newsrank-test' });
  const stop = new AbortController();
  const work = fetchFeed(client, { ...PLAIN, url: `${origin.url}/silent` }, stop.signal);
  stop.abort(new Error('enough'));
  await assert.rejects(work, /enough/);
  await client.close();
});

test('a connection is kept and used again, also after redirects and refusals', async () => {
  origin.on('/plain', sending(BODY));
  origin.on('/to-plain', redirecting('/plain'));
  const client = openHttpClient({ guard, userAgent: 'newsrank-test' });
  await origin.whenIdle();
  const before = origin.requests.length;
  for (const path of ['/to-plain', '/none', '/plain', '/plain']) {
    await fetchFeed(client, { ...PLAIN, url: `${origin.url}${path}` });
  }
  const ports = new Set(origin.requests.slice(before).map((request) => request.socket.remotePort));
  assert.equal(origin.requests.length - before, 5);
  assert.ok(ports.size <= 2, `${ports.size} connections`);
  const [socket] = origin.sockets;
  const closed = socket && once(socket, 'close');
  await client.close();
  await closed;
});
