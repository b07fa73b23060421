/** Whole lines of a log, in order. */
export interface Block {
  /** Bytes of the content that the block stands for, its line ends and what was too long included. */
  readonly bytes: Buffer;
  /** One character a byte (latin1): ten times quicker than UTF-8, and nearly all of a log is ASCII. See `asUtf8`. */
  readonly lines: readonly string[];
  /** Lines too long to be one, which end in this block. */
  readonly overlong: number;
  /** The last line has no end: it may still be being written. */
  readonly isOpen: boolean;
}

/** Servers cut requests at 8 to 32 kB. */
const MAX_LINE = 128 * 1024;
const LINE_FEED = 10;
const NO_LINES: readonly string[] = [];

/** Cuts bytes into whole lines, without their ends (LF or CRLF). Never keeps more than a chunk and one line of the longest. */
export async function* blocksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Block> {
  const cutter = openCutter();
  for await (const chunk of chunks) yield* cutter.cut(chunk);
  yield* cutter.rest();
}

function openCutter() {
  let begun: Buffer = Buffer.alloc(0);
  /** What came of the line under way was too long, and is gone. */
  let isOverlong = false;

  const endOverlong = (chunk: Buffer): readonly [Block, Buffer] => {
    const end = chunk.indexOf(LINE_FEED) + 1;
    isOverlong = end === 0;
    const bytes = isOverlong ? chunk : chunk.subarray(0, end);
    return [{ bytes, lines: NO_LINES, overlong: isOverlong ? 0 : 1, isOpen: false }, chunk.subarray(bytes.length)];
  };
  return {
    cut(chunk: Buffer): Block[] {
      const blocks: Block[] = [];
      let fresh = chunk;
      if (isOverlong) {
        const [block, rest] = endOverlong(chunk);
        blocks.push(block);
        fresh = rest;
      }
      begun = begun.length === 0 ? fresh : Buffer.concat([begun, fresh]);
      const end = begun.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) blocks.push(blockOf(begun.subarray(0, end)));
      begun = begun.subarray(end);
      if (begun.length <= MAX_LINE) return blocks;
      blocks.push({ bytes: begun, lines: NO_LINES, overlong: 0, isOpen: false });
      begun = Buffer.alloc(0);
      isOverlong = true;
      return blocks;
    },
    rest(): Block[] {
      if (isOverlong) return [{ bytes: Buffer.alloc(0), lines: NO_LINES, overlong: 1, isOpen: false }];
      return begun.length === 0 ? [] : [{ ...blockOf(begun), isOpen: true }];
    },
  };
}

function blockOf(bytes: Buffer): Block {
  const end = bytes.at(-1) === LINE_FEED ? bytes.length - 1 : bytes.length;
  const text = bytes.toString('latin1', 0, end);
  const all = text.includes('\r') ? text.split('\n').map(lineOf) : text.split('\n');
  const lines = all.filter((line) => line.length <= MAX_LINE);
  return { bytes, lines, overlong: all.length - lines.length, isOpen: false };
}

/** The block in two, the first of so many bytes. */
export function splitBlock(block: Block, size: number): readonly [Block, Block] {
  const rest = blockOf(block.bytes.subarray(size));
  return [blockOf(block.bytes.subarray(0, size)), { ...rest, isOpen: block.isOpen }];
}

const lineOf = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** The text of a line, or of a part of one, as it was written. */
export function asUtf8(latin1: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with the control characters, and what lies outside it is looked for
  return /[^\x00-\x7f]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}

/** The text on its own: a part of a line would keep its whole block in memory for as long as it is remembered. */
export function detached(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('latin1');
}
