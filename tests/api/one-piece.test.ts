import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { endInOnePiece } from '../../src/api/one-piece.ts';

const TEXT = '{"accepted":1}';
const HEADERS = ['content-type', 'application/json', 'content-length', String(TEXT.length)];

/** Pieces that were handed to sockets. */
let pieces = 0;
let isHeadHidden = false;
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    if (isHeadHidden) hideHead(response);
    endInOnePiece(response, 202, HEADERS, TEXT);
  });
});

/** As a Node would that keeps the head elsewhere. */
function hideHead(response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = ((...args: Parameters<typeof writeHead>) => {
    writeHead.apply(response, args);
    const head: unknown = Reflect.get(response, '_header');
    // Read once by the function under test, then by Node.
    let reads = 0;
    Object.defineProperty(response, '_header', { configurable: true, get: () => (reads++ === 0 ? undefined : head) });
    return response;
  }) as typeof writeHead;
}

before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => server.close());
server.on('connection', (socket) => {
  const { write } = socket;
  socket.write = ((...args: Parameters<typeof write>) => {
    pieces++;
    return write.apply(socket, args);
  }) as typeof write;
});

async function send(bytes: string): Promise<string> {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const socket = connect(address.port, '127.0.0.1');
  socket.end(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const post = (version: string) => `POST / HTTP/${version}\r\nHost: a.example\r\nContent-Length: 2\r\n\r\n{}`;

test('an answer is one piece, whole, with its head before it', async () => {
  pieces = 0;
  const answer = await send(post('1.1'));
  assert.match(answer, /^HTTP\/1\.1 202 Accepted\r\n/);
  assert.match(answer, /\r\nDate: [^\r]+ GMT\r\n/);
  assert.match(answer, /\r\ncontent-length: 14\r\n/);
  assert.ok(answer.endsWith(`\r\n\r\n${TEXT}`), answer);
  assert.equal(pieces, 1);
});

test('answers to pipelined requests come in turn on one connection', async () => {
  const answers = await send(post('1.1').repeat(3));
  assert.equal(answers.split('HTTP/1.1 202 Accepted').length - 1, 3);
  assert.equal(answers.split(TEXT).length - 1, 3);
});

test('an HTTP/1.0 caller is answered, and the connection is closed', async () => {
  const answer = await send(post('1.0'));
  assert.match(answer, /\r\nConnection: close\r\n/);
  assert.ok(answer.endsWith(TEXT));
});

test('a Node that keeps the head elsewhere answers all the same', async () => {
  isHeadHidden = true;
  try {
    const answer = await send(post('1.1'));
    assert.match(answer, /^HTTP\/1\.1 202 Accepted\r\n/);
    assert.ok(answer.endsWith(`\r\n\r\n${TEXT}`), answer);
  } finally {
    isHeadHidden = false;
  }
});
