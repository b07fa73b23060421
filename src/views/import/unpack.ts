import { createGunzip } from 'node:zlib';
import { CodedError, messageOf } from '../../errors.ts';

/** What packed files begin with, and what unpacks those that we do not. */
const PACKED: readonly (readonly [magic: string, tool: string])[] = [
  ['28b52ffd', 'zstd -dc'],
  ['425a68', 'bzip2 -dc'],
  ['fd377a58', 'xz -dc'],
  ['504b0304', 'unzip -p'],
];

/** The bytes as they are, or unpacked where they begin as gzip does. Throws CodedError `log-unreadable` for other packers. */
export async function* unpack(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 4) {
    const { value, done } = await source.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const rest = restOf(head, source);
  const start = head.toString('hex', 0, 4);
  const other = PACKED.find(([magic]) => start.startsWith(magic));
  if (other !== undefined) {
    throw new CodedError(
      'log-unreadable',
      `It is packed. Unpack it on the way: ${other[1]} FILE | newsrank views import -`,
    );
  }
  yield* start.startsWith('1f8b') ? gunzip(rest) : rest;
}

async function* restOf(head: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  try {
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  } finally {
    await source.return?.();
  }
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { Readable } = await import('node:stream');
  const input = Readable.from(packed, { objectMode: false });
  const output = createGunzip({ chunkSize: 256 * 1024 });
  input.on('error', (error) => output.destroy(error));
  try {
    yield* input.pipe(output) as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const message = `Its gzip data is broken (${messageOf(error)}). What came before is counted; run it again when the file is whole.`;
    throw new CodedError('log-unreadable', message, { cause: error });
  } finally {
    input.destroy();
    output.destroy();
  }
}
