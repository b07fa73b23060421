import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectRequest } from '../../src/api/direct-request.ts';
import { readBody } from '../../src/api/read-body.ts';
import { eventually } from '../support/product.ts';

const LIMIT = 100;
const ended: IncomingMessage[] = [];
let aborted = 0;

/** Answers with what it read; what is sent to /stream it reads as any stream. */
const server = createServer({ IncomingMessage: DirectRequest }, (request, response) => {
  request.on('aborted', () => aborted++);
  response.on('finish', () => ended.push(request));
  if (request.url === '/stream') {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(`streamed ${Buffer.concat(chunks)}.`));
    return;
  }
  readBody(
    request,
    LIMIT,
    (text) => setTimeout(() => response.end(`read ${text}.`), 5),
    ({ code }) => response.writeHead(413, { connection: 'close' }).end(code),
  );
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => server.close());

function open() {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return connect(address.port, '127.0.0.1');
}

/** Asks the server to close the connection when all is answered. */
const LAST = 'GET /stream HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';

/** All that is answered, to these and to a last request. */
async function send(...parts: readonly string[]): Promise<string> {
  const socket = open();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // The server closes when it refuses, whoever still talks.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (const part of [...parts, LAST]) {
    socket.write(part);
    await sleep(10);
  }
  await closed;
  return Buffer.concat(chunks).toString();
}

const post = (body: string, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('a body is read whole, in however many pieces it comes, and an empty one too', async () => {
  assert.match(await send(post('one')), /read one\./);
  assert.match(await send(...Array.from(post('日本'), String)), /read 日本\./);
  assert.match(await send(post('')), /read \./);
  const chunked = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.match(await send(`${chunked}2\r\nab\r\n`, '1\r\nc\r\n0\r\n\r\n'), /read abc\./);
});

test('requests follow each other on a connection, also while answers are owed, and streamed ones between them', async () => {
  const answers = await send(post('1') + post('2', '/stream') + post('3'), post('4'), post('5', '/stream') + post('6'));
  assert.deepEqual(answers.match(/(read|streamed) \d/g), [
    ...['read 1', 'streamed 2', 'read 3'],
    ...['read 4', 'streamed 5', 'read 6'],
  ]);
});

test('a body that is too long is refused once, whether it says so or not', async () => {
  assert.match(await send(post('x'.repeat(LIMIT + 1))), /body-too-large/);
  const chunked = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';
  const piece = `3c\r\n${'x'.repeat(60)}\r\n`;
  const answer = await send(chunked, piece, piece, piece, '0\r\n\r\n');
  assert.equal(answer.split('body-too-large').length - 1, 1);
});

test('it is known to have ended once it has, so that the connection lets go of it', async () => {
  ended.length = 0;
  await send(post('one') + post('two', '/stream'));
  assert.deepEqual(
    ended.map(({ readableEnded, complete }) => ({ readableEnded, complete })),
    [
      { readableEnded: true, complete: true },
      { readableEnded: true, complete: true },
      { readableEnded: true, complete: true },
    ],
  );
});

test('who goes away in the middle of it is not taken for one who has ended', async () => {
  aborted = 0;
  const socket = open();
  const asked = once(server, 'request');
  socket.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc');
  await asked;
  socket.destroy();
  await eventually('the server noticed', async () => aborted === 1);
});
