import { createHash } from 'node:crypto';

/**
 * Hash of what a feed says, whenever it was built: many servers write the time of the request into each answer, which
 * would have a feed parsed at every poll. What is left out are build dates and the like outside the entries, in the
 * part before the first of them and the part after the last. Where either cannot be told from the bytes alone (JSON,
 * UTF-16, junk in front), every byte counts: a change that is taken for one costs a parse, one that is missed an article.
 *
 * The bytes are read as Latin-1, which is safe in every encoding that keeps ASCII, and only where the two parts can be.
 */
export function bodyHashOf(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const hash = createHash('sha256');
  const head = headOf(bytes);
  if (head === undefined) return new Uint8Array(hash.update(bytes).digest());
  const tail = tailOf(bytes.subarray(head.length));
  hash.update(withoutNoise(head), 'latin1').update(bytes.subarray(head.length, bytes.length - tail.length));
  return new Uint8Array(hash.update(withoutNoise(tail), 'latin1').digest());
}

const MAX_HEAD = 64 * 1024;
const MAX_TAIL = 4 * 1024;

/** Any tag of an entry, whatever its prefix; also things that only look like one, which does no harm. */
const FIRST_ENTRY = /[<:](?:item|entry)[\s>/]/i;
const ANY_ENTRY = /[<:/](?:item|entry)[\s>/]/gi;

/**
 * Dates and programs of the build. No part of this can run over the next `<`, so that a search costs no more than the
 * text is long.
 */
const NOISE =
  /<([^\s<>/]{1,40}:)?(lastbuilddate|pubdate|updated|modified|date|ttl|generator)(?:\s[^<>]{0,500})?>[^<]{0,500}<\/\1\2\s{0,9}>/gi;

/** Stands for what was left out: pieces to its left and right must not become a tag together. */
const MARK = '\0';

/** All before the first entry; undefined where that is not sure. */
function headOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, MAX_HEAD);
  if (!/^(?:\xef\xbb\xbf)?\s*</.test(start)) return undefined;
  const first = start.search(FIRST_ENTRY);
  return first < 0 ? undefined : start.slice(0, first);
}

/** All after the end of the last entry; empty where that is not sure, as where entries are never closed. */
function tailOf(rest: Buffer): string {
  const end = rest.toString('latin1', Math.max(0, rest.length - MAX_TAIL));
  const last = [...end.matchAll(ANY_ENTRY)].at(-1);
  if (last === undefined) return '';
  const tag = end.lastIndexOf('<', last.index);
  return tag >= 0 && end[tag + 1] === '/' ? end.slice(last.index + last[0].length) : '';
}

function withoutNoise(text: string): string {
  return withoutComments(text).replace(NOISE, MARK);
}

/** By hand, since a regular expression would look for the end of each comment anew where there is none. */
function withoutComments(text: string): string {
  let kept = '';
  let from = 0;
  for (;;) {
    const start = text.indexOf('<!--', from);
    const end = start < 0 ? -1 : text.indexOf('-->', start + 4);
    if (end < 0) return kept + text.slice(from);
    kept += text.slice(from, start) + MARK;
    from = end + 3;
  }
}
