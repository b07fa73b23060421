import { MAX_ATTRIBUTES } from './limits.ts';

/**
 * Splits HTML into tags and text as browsers do; comments, declarations and instructions are left out. Linear whatever
 * comes: what has no end once has none later on either, and is not looked for again.
 *
 * Written by hand, with one object that is overwritten instead of a token for each step, because most of the time that
 * a feed takes is spent here: with regular expressions and tokens it took three times as long.
 */
export interface Scanner {
  readonly html: string;
  /** What `scan` found last. */
  kind: 'text' | 'open' | 'close' | 'nothing';
  /** Where it begins; it ends at `at`. */
  start: number;
  at: number;
  /** The text where it is not simply what stands between `start` and `at`. */
  inner: string | undefined;
  /** Of a tag, in lower case. */
  name: string;
  /** Of a start tag: names in lower case, each followed by its value as written (references are not resolved). */
  attributes: string[];
  isSelfClosing: boolean;
  /** Whether the start tag reads the same whatever follows it: a quote without a second one depends on that. */
  isWhole: boolean;
  hasTags: boolean;
  /** What is not to be found any more. */
  missing: Set<string> | undefined;
}

const NO_ATTRIBUTES: string[] = [];
const LESS = 0x3c;
const GREATER = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const EQUALS = 0x3d;
const DOUBLE = 0x22;
const SINGLE = 0x27;

export function newScanner(html: string): Scanner {
  return {
    html,
    kind: 'nothing',
    start: 0,
    at: 0,
    inner: undefined,
    name: '',
    attributes: NO_ATTRIBUTES,
    isSelfClosing: false,
    isWhole: true,
    hasTags: true,
    missing: undefined,
  };
}

/** The text that was scanned last, as written. */
export function scannedText({ html, inner, start, at }: Scanner): string {
  return inner ?? html.slice(start, at);
}

/** Goes on to the next tag or text; false at the end. */
export function scan(scanner: Scanner): boolean {
  const { html, at } = scanner;
  if (at >= html.length) return false;
  scanner.start = at;
  if (html.charCodeAt(at) === LESS) {
    scanBracket(scanner);
    return true;
  }
  const end = find(scanner, '<', at);
  setText(scanner, end < 0 ? html.length : end);
  return true;
}

/** Goes on after the end tag of this element; one that is never closed has the rest. */
export function skipElement(scanner: Scanner, name: string): void {
  const pattern = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
  pattern.lastIndex = scanner.at;
  const match = pattern.exec(scanner.html);
  const end = match === null ? -1 : find(scanner, '>', match.index);
  scanner.at = end < 0 ? scanner.html.length : end + 1;
}

function scanBracket(scanner: Scanner): void {
  const { html, at } = scanner;
  const next = html.charCodeAt(at + 1);
  let isMarkup: boolean;
  if (isLetter(next)) isMarkup = scanStartTag(scanner);
  else if (next === SLASH) isMarkup = scanEndTag(scanner);
  else if (next === BANG && html.startsWith('<!--', at)) isMarkup = skipTo(scanner, '-->');
  else if (next === BANG && html.startsWith('<![CDATA[', at)) isMarkup = scanCdata(scanner);
  else isMarkup = (next === BANG || next === QUESTION) && skipTo(scanner, '>');
  if (!isMarkup) setText(scanner, at + 1);
}

function setText(scanner: Scanner, to: number): void {
  scanner.kind = 'text';
  scanner.inner = undefined;
  scanner.at = to;
}

function find(scanner: Scanner, needle: string, from: number): number {
  if (scanner.missing?.has(needle)) return -1;
  const found = scanner.html.indexOf(needle, from);
  if (found < 0) {
    scanner.missing ??= new Set();
    scanner.missing.add(needle);
  }
  return found;
}

function skipTo(scanner: Scanner, end: string): boolean {
  // `<!-->` is a whole comment.
  const found = find(scanner, end, scanner.at + 2);
  if (found < 0) return false;
  scanner.kind = 'nothing';
  scanner.at = found + end.length;
  return true;
}

function scanCdata(scanner: Scanner): boolean {
  const end = find(scanner, ']]>', scanner.at);
  if (end < 0) return false;
  const inner = scanner.html.slice(scanner.at + 9, end);
  setText(scanner, end + 3);
  scanner.inner = inner;
  return true;
}

function scanEndTag(scanner: Scanner): boolean {
  const { html, at } = scanner;
  const end = find(scanner, '>', at);
  if (end < 0) return false;
  const isTag = isLetter(html.charCodeAt(at + 2));
  scanner.kind = isTag ? 'close' : 'nothing';
  scanner.name = isTag ? lowerCase(html, at + 2, nameEnd(html, at + 2)) : '';
  scanner.at = end + 1;
  return true;
}

function scanStartTag(scanner: Scanner): boolean {
  if (!scanner.hasTags) return false;
  const { html, at } = scanner;
  const end = nameEnd(html, at + 1);
  scanner.attributes = NO_ATTRIBUTES;
  scanner.isWhole = true;
  const after = html.charCodeAt(end) === GREATER ? end : scanAttributes(scanner, end);
  if (after >= html.length) {
    scanner.hasTags = false;
    return false;
  }
  scanner.kind = 'open';
  scanner.name = lowerCase(html, at + 1, end);
  scanner.isSelfClosing = html.charCodeAt(after - 1) === SLASH;
  scanner.at = after + 1;
  return true;
}

/** Reads attributes from `from`; returns the index of the tag's `>`, or the length where there is none. */
function scanAttributes(scanner: Scanner, from: number): number {
  const { html } = scanner;
  const attributes: string[] = [];
  scanner.attributes = attributes;
  let at = from;
  while (at < html.length) {
    const code = html.charCodeAt(at);
    if (code === GREATER) return at;
    if (code === SLASH || isSpace(code)) at++;
    else at = scanAttribute(scanner, at);
  }
  return html.length;
}

function scanAttribute(scanner: Scanner, start: number): number {
  const { html, attributes } = scanner;
  let end = start + 1;
  while (end < html.length && !endsName(html.charCodeAt(end))) end++;
  if (attributes.length >= MAX_ATTRIBUTES * 2) attributes.length -= 2;
  attributes.push(lowerCase(html, start, end));
  const equals = html.charCodeAt(end) === EQUALS ? end : spaceEnd(html, end);
  if (html.charCodeAt(equals) === EQUALS) return scanValue(scanner, spaceEnd(html, equals + 1));
  attributes.push('');
  return end;
}

function scanValue(scanner: Scanner, from: number): number {
  const { html, attributes } = scanner;
  const quote = html.charCodeAt(from);
  const isQuoted = quote === DOUBLE || quote === SINGLE;
  const closing = isQuoted ? html.indexOf(quote === DOUBLE ? '"' : "'", from + 1) : -1;
  if (isQuoted && closing < 0) scanner.isWhole = false;
  // A quote without a second one is part of the value, as if it stood without quotes.
  const end = closing < 0 ? bareEnd(html, from) : closing;
  attributes.push(html.slice(closing < 0 ? from : from + 1, end));
  return closing < 0 ? end : end + 1;
}

function bareEnd(html: string, from: number): number {
  let at = from;
  while (at < html.length && html.charCodeAt(at) !== GREATER && !isSpace(html.charCodeAt(at))) at++;
  return at;
}

/** Nearly all names are in lower case already, and asking costs less than having them changed. */
function lowerCase(html: string, from: number, to: number): string {
  const name = html.slice(from, to);
  for (let at = from; at < to; at++) {
    const code = html.charCodeAt(at);
    if (code >= 0x80 || (code <= 0x5a && code >= 0x41)) return name.toLowerCase();
  }
  return name;
}

function spaceEnd(html: string, from: number): number {
  let at = from;
  while (at < html.length && isSpace(html.charCodeAt(at))) at++;
  return at;
}

function nameEnd(html: string, from: number): number {
  let at = from;
  while (at < html.length) {
    const code = html.charCodeAt(at);
    if (code === GREATER || code === SLASH || isSpace(code)) break;
    at++;
  }
  return at;
}

function endsName(code: number): boolean {
  return code <= GREATER && (code === EQUALS || code === GREATER || code === SLASH || isSpace(code));
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code <= 0x0d && code >= 0x09);
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}
