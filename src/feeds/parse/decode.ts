import { isAscii, isUtf8, transcode } from 'node:buffer';

/**
 * Bytes to text. A byte order mark says more than HTTP, HTTP more than the XML declaration; a label that the bytes
 * contradict says nothing. Without any label it is UTF-8 where the bytes are, windows-1252 otherwise.
 */
export function decodeBody(bytes: Uint8Array, contentType: string | null): string {
  const marked = byMark(bytes);
  if (marked !== undefined) return marked;
  const wide = byZeros(bytes);
  if (wide !== undefined) return wide;
  for (const label of [labelOfHttp(contentType), labelOfXml(bytes)]) {
    if (label === undefined) continue;
    const text = tryLabel(bytes, label);
    if (text !== undefined) return text;
  }
  return strictly(bytes, 'utf-8') ?? mostlyUtf8(bytes) ?? new TextDecoder('windows-1252').decode(bytes);
}

const HEAD_LENGTH = 512;

function byMark(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) {
    return (
      strictly(bytes, 'utf-8') ??
      mostlyUtf8(bytes.subarray(3)) ??
      new TextDecoder('windows-1252').decode(bytes.subarray(3))
    );
  }
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return decodeUtf32(bytes.subarray(4), true);
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return decodeUtf32(bytes.subarray(4), false);
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return undefined;
}

/** Two or four bytes a character give themselves away by the zeros around the first `<` or `{`. */
function byZeros(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  const isFirst = (byte: number | undefined) => byte === 0x3c || byte === 0x7b;
  if (isFirst(a) && b === 0 && c === 0 && d === 0) return decodeUtf32(bytes, true);
  if (a === 0 && b === 0 && c === 0 && isFirst(d)) return decodeUtf32(bytes, false);
  if (isFirst(a) && b === 0) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0 && isFirst(b)) return new TextDecoder('utf-16be').decode(bytes);
  return undefined;
}

export function labelOfHttp(contentType: string | null): string | undefined {
  return contentType?.match(/charset\s*=\s*["']?([\w.:-]{1,40})/i)?.[1];
}

export function labelOfXml(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEAD_LENGTH)).toString('latin1');
  return head.match(/<\?xml\s[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:-]{1,40})/i)?.[1];
}

function tryLabel(bytes: Uint8Array, label: string): string | undefined {
  const decoder = decoderOf(label);
  // A label of two bytes a character on a body that has been read as one byte a character is wrong.
  if (decoder === undefined || decoder.encoding.startsWith('utf-16')) return undefined;
  // Plain ASCII and Latin-1 labels are defaults that nobody chose: bytes that are UTF-8 throughout are no accident.
  if (decoder.encoding === 'windows-1252') {
    return (/ascii/i.test(label) ? strictly(bytes, 'utf-8') : undefined) ?? decoder.decode(bytes);
  }
  if (decoder.encoding === 'utf-8') return undefined;
  return strictly(bytes, decoder.encoding) ?? mostly(decoder.decode(bytes));
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(ALIASES.get(label.toLowerCase()) ?? label);
  } catch {
    return undefined;
  }
}

/** Names in use that the Encoding Standard does not list. */
const ALIASES = new Map([
  ['cp932', 'shift_jis'],
  ['cp936', 'gbk'],
  ['cp949', 'euc-kr'],
  ['uhc', 'euc-kr'],
  ['cp950', 'big5'],
  ['eucjp', 'euc-jp'],
  ['euckr', 'euc-kr'],
  ['cp65001', 'utf-8'],
]);

function strictly(bytes: Uint8Array, encoding: string): string | undefined {
  if (encoding === 'utf-8') return isUtf8(bytes) ? utf8(bytes) : undefined;
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** By way of UTF-16 it takes two thirds of the time, and for a moment as much memory again as the text. */
const MAX_TRANSCODED = 4 * 1024 * 1024;

/** Several times faster than TextDecoder, and plain ASCII several times faster still. The bytes are UTF-8. */
function utf8(bytes: Uint8Array): string {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const body = Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  if (isAscii(body)) return body.toString('latin1');
  return body.length > MAX_TRANSCODED ? body.toString('utf8') : transcode(body, 'utf8', 'utf16le').toString('utf16le');
}

function mostlyUtf8(bytes: Uint8Array): string | undefined {
  return mostly(new TextDecoder('utf-8').decode(bytes));
}

/** The text, where broken characters are rare among the others beyond ASCII: a few bad bytes do not change the charset. */
function mostly(text: string): string | undefined {
  let broken = 0;
  let beyondAscii = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BROKEN) broken++;
    else if (code > 0x7f) beyondAscii++;
  }
  return broken * 5 <= beyondAscii ? text : undefined;
}

const BROKEN = 0xfffd;

const CHUNK = 4096;

function decodeUtf32(bytes: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: string[] = [];
  let points: number[] = [];
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) {
    const point = view.getUint32(at, isLittleEndian);
    points.push(point > 0x10_ffff ? BROKEN : point);
    if (points.length === CHUNK) {
      chunks.push(String.fromCodePoint(...points));
      points = [];
    }
  }
  return chunks.join('') + String.fromCodePoint(...points);
}
