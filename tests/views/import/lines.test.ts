import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { asUtf8, type Block, blocksOf, splitBlock } from '../../../src/views/import/lines.ts';
import { unpack } from '../../../src/views/import/unpack.ts';

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return parts;
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of blocksOf(chunks)) blocks.push(block);
  return blocks;
}

test('lines are the same however they come in pieces, and no byte is lost', async () => {
  const text = fc
    .array(fc.constantFrom('a', '\n', '\r\n', 'é', '\0', 'line'), { maxLength: 40 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 30 }), fc.nat(60), async (content, size, at) => {
      const bytes = Buffer.from(content);
      const blocks = await gather(cut(bytes, size));
      assert.deepEqual(Buffer.concat(blocks.map((block) => block.bytes)), bytes);
      const whole = content.endsWith('\n') ? content.slice(0, -1) : content;
      const expected = content === '' ? [] : whole.split('\n').map((line) => line.replace(/\r$/, ''));
      assert.deepEqual(
        blocks.flatMap(({ lines }) => lines.map(asUtf8)),
        expected,
      );
      assert.deepEqual(
        blocks.map(({ isOpen }) => isOpen).indexOf(true),
        content !== whole || content === '' ? -1 : blocks.length - 1,
      );
      const [only] = await gather(cut(bytes, 1000));
      if (only === undefined || at >= only.bytes.length) return;
      const [head, tail] = splitBlock(only, at);
      assert.deepEqual(Buffer.concat([head.bytes, tail.bytes]), only.bytes);
    }),
  );
});

test('a line of ten megabytes is one line too many, and what stands around it is read', async () => {
  const huge = Buffer.concat([Buffer.from('first\n'), Buffer.alloc(10_000_000, 'x'), Buffer.from('\nlast\n')]);
  for (const size of [65_536, 20_000_000]) {
    const blocks = await gather(cut(huge, size));
    assert.deepEqual(
      blocks.flatMap(({ lines }) => lines),
      ['first', 'last'],
    );
    assert.equal(
      blocks.reduce((sum, { overlong }) => sum + overlong, 0),
      1,
    );
    assert.equal(
      blocks.reduce((sum, { bytes }) => sum + bytes.length, 0),
      huge.length,
    );
  }
  const open = await gather(cut(Buffer.alloc(1_000_000, 'x'), 65_536));
  assert.equal(
    open.reduce((sum, { overlong }) => sum + overlong, 0),
    1,
  );
});

test('gzip is known by its first bytes, also in several members; other packers and broken data are refused', async () => {
  const gather = async (bytes: Buffer, size = 3) => Buffer.concat(await all(unpack(cut(bytes, size)))).toString();
  const packed = Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]);
  assert.equal(await gather(packed), 'one\ntwo\n');
  assert.equal(await gather(Buffer.from('plain\n'), 1), 'plain\n');
  assert.equal(await gather(Buffer.alloc(0)), '');
  await assert.rejects(gather(packed.subarray(0, 30)), { code: 'log-unreadable' });
  await assert.rejects(gather(Buffer.from('28b52ffd00', 'hex')), { code: 'log-unreadable', message: /zstd -dc/ });
});
