import {
  BLOCK_ELEMENTS,
  foreignElement,
  isAllowedElement,
  LINK_ATTRIBUTES,
  SILENT_ELEMENTS,
  VOID_ELEMENTS,
} from './allow-list.ts';
import { flat } from './flat.ts';
import { type KnownTag, knownTag, rememberTag } from './known-tags.ts';
import { MAX_DEPTH } from './limits.ts';
import { pictureOf, safeAttributes, writtenAttributes } from './safe-attributes.ts';
import { safeReferences, safeText } from './safe-text.ts';
import { newScanner, type Scanner, scan, scannedText, skipElement } from './scan-html.ts';
import { newPieces, type TextPieces, textOfPieces } from './text.ts';
import { addScanned } from './text-of-html.ts';

export interface Sanitized {
  /** Allow-listed, balanced, links absolute. */
  readonly html: string;
  /** The same as plain text, up to what a summary may hold; '' where it was not asked for. */
  readonly text: string;
  /** The first picture. */
  readonly image: string | null;
}

/**
 * Makes HTML safe, reads its text and finds its first picture, in one pass that takes time in proportion to its length.
 *
 * Safe by construction: every `<` in the result begins a tag that was written here from the allow-list, with quoted
 * attributes in which `<`, `>` and `"` are escaped, and no comment is ever written. So however a browser repairs the
 * nesting, and wherever it takes markup for text (as in `textarea`, or in `noscript` where scripts run), it meets nothing
 * but allowed tags. The HTML is clean text already (clean.ts).
 */
export function sanitizeHtml(html: string, base: string, withText = true): Sanitized {
  const scanner = newScanner(html);
  const page: Page = {
    html,
    base,
    out: '',
    copiedTo: 0,
    ampersand: -1,
    greater: -1,
    ends: [],
    foreign: 0,
    image: null,
    pieces: newPieces(),
    withText,
  };
  for (let isMore = true; isMore; ) isMore = writeNext(page, scanner);
  page.out += html.slice(page.copiedTo);
  while (page.ends.length > 0) page.out += page.ends.pop();
  return { html: flat(page.out), text: withText ? textOfPieces(page.pieces) : '', image: page.image };
}

function writeNext(page: Page, scanner: Scanner): boolean {
  if (isAtEnd(page, scanner.at)) {
    writeEnd(page, scanner);
    return true;
  }
  const tag = tagAt(page, scanner);
  if (tag === undefined) return scan(scanner) && writeScanned(page, scanner);
  if (tag.isBlock) page.pieces.isAtBreak = true;
  writeKnownTag(page, scanner, tag);
  return true;
}

/** Whether the next tag is the very one that must come, which most end tags are. */
function isAtEnd({ html, ends, foreign }: Page, at: number): boolean {
  if (html.charCodeAt(at + 1) !== SLASH || foreign > 0) return false;
  const end = ends[ends.length - 1];
  return end !== undefined && html.startsWith(end, at);
}

function writeEnd(page: Page, scanner: Scanner): void {
  const end = page.ends.pop() ?? '';
  if (BLOCK_ENDS.has(end)) page.pieces.isAtBreak = true;
  scanner.at += end.length;
}

function writeScanned(page: Page, scanner: Scanner): true {
  if (scanner.kind === 'text') {
    writeText(page, scanner);
    if (page.withText) addScanned(page.pieces, scanner);
  } else {
    if (BLOCK_ELEMENTS.has(scanner.name)) page.pieces.isAtBreak = true;
    writeTag(page, scanner);
  }
  return true;
}

const BLOCK_ENDS: ReadonlySet<string> = new Set([...BLOCK_ELEMENTS].map((name) => `</${name}>`));

/** The result so far. What may stay as it was written is copied in long stretches: all before `copiedTo` has been. */
interface Page {
  readonly html: string;
  readonly base: string;
  out: string;
  copiedTo: number;
  /** Where the next `&` and the next `>` stand, at or after what was looked at last. */
  ampersand: number;
  greater: number;
  /** The end tags of the elements that are open. */
  readonly ends: string[];
  /** How many of the open elements are `svg` or `math`. */
  foreign: number;
  image: string | null;
  readonly pieces: TextPieces;
  readonly withText: boolean;
}

const LESS = 0x3c;
const SLASH = 0x2f;

/** Writes something else for what was scanned last. */
function replace(page: Page, scanner: Scanner, written: string): void {
  if (scanner.start > page.copiedTo) page.out += page.html.slice(page.copiedTo, scanner.start);
  page.out += written;
  page.copiedTo = scanner.at;
}

function writeText(page: Page, scanner: Scanner): void {
  if (scanner.inner !== undefined) {
    replace(page, scanner, safeText(scanner.inner));
    return;
  }
  if (page.html.charCodeAt(scanner.start) === LESS) {
    replace(page, scanner, '&lt;');
    return;
  }
  if (page.ampersand < scanner.start) page.ampersand = indexOrEnd(page.html, '&', scanner.start);
  if (page.ampersand >= scanner.at) return;
  const text = scannedText(scanner);
  const safe = safeReferences(text);
  if (safe !== text) replace(page, scanner, safe);
}

function indexOrEnd(html: string, needle: string, from: number): number {
  const found = html.indexOf(needle, from);
  return found < 0 ? html.length : found;
}

/** The next tag, where it is known what becomes of it; inside SVG and MathML that depends on more than the tag. */
function tagAt(page: Page, scanner: Scanner): KnownTag | undefined {
  if (page.html.charCodeAt(scanner.at) !== LESS || page.foreign > 0 || !scanner.hasTags) return undefined;
  if (page.greater < scanner.at) page.greater = indexOrEnd(page.html, '>', scanner.at);
  return knownTag(page.html, scanner.at, page.greater);
}

function writeKnownTag(page: Page, scanner: Scanner, tag: KnownTag): void {
  scanner.start = scanner.at;
  scanner.at += tag.length;
  if (tag.isClosing) closeElement(page, scanner, tag.end);
  else writeStartTag(page, scanner, tag);
}

function writeTag(page: Page, scanner: Scanner): void {
  const { kind, name } = scanner;
  if (kind === 'close') closeTag(page, scanner);
  else if (kind === 'open' && !SILENT_ELEMENTS.has(name)) openTag(page, scanner);
  else {
    // In SVG `<script />` is a whole element.
    if (kind === 'open' && !(page.foreign > 0 && scanner.isSelfClosing)) skipElement(scanner, name);
    replace(page, scanner, '');
  }
}

function openTag(page: Page, scanner: Scanner): void {
  const foreign = isForeignAt(page, scanner.name) ? foreignElement(scanner.name) : undefined;
  if (foreign !== undefined) {
    openForeign(page, scanner, foreign);
    return;
  }
  const name = isAllowedElement(scanner.name) ? scanner.name : '';
  const given = page.html.slice(scanner.start, scanner.at);
  const written = name === '' ? '' : startTag(page, scanner, name, false);
  const tag = {
    isClosing: false,
    end: name === '' ? '' : `</${name}>`,
    isVoid: VOID_ELEMENTS.has(name),
    isBlock: BLOCK_ELEMENTS.has(scanner.name),
    written: written === given ? undefined : written,
  };
  if (isSettled(page, scanner)) rememberTag(given, tag);
  writeStartTag(page, scanner, tag);
}

function isForeignAt(page: Page, name: string): boolean {
  return page.foreign > 0 || name === 'svg' || name === 'math';
}

/** Whether nothing around the tag has a part in what becomes of it: it ends at the first `>` and holds no address. */
function isSettled(page: Page, scanner: Scanner): boolean {
  if (page.foreign > 0 || page.greater !== scanner.at - 1 || !scanner.isWhole) return false;
  for (let at = 0; at < scanner.attributes.length; at += 2) {
    if (LINK_ATTRIBUTES.has(scanner.attributes[at] ?? '')) return false;
  }
  return true;
}

function writeStartTag(page: Page, scanner: Scanner, tag: Omit<KnownTag, 'length'>): void {
  if (tag.end === '' || page.ends.length >= MAX_DEPTH) {
    replace(page, scanner, '');
    return;
  }
  if (tag.written !== undefined) replace(page, scanner, tag.written);
  if (!tag.isVoid) page.ends.push(tag.end);
}

function openForeign(page: Page, scanner: Scanner, name: string): void {
  if (page.ends.length >= MAX_DEPTH) {
    replace(page, scanner, '');
    return;
  }
  const tag = startTag(page, scanner, name, true);
  replace(page, scanner, scanner.isSelfClosing ? `${tag}</${name}>` : tag);
  if (scanner.isSelfClosing) return;
  page.ends.push(`</${name}>`);
  if (name === 'svg' || name === 'math') page.foreign++;
}

function startTag(page: Page, scanner: Scanner, name: string, isForeign: boolean): string {
  const attributes = safeAttributes(scanner, isForeign, page.base);
  if (name === 'img') page.image ??= pictureOf(attributes);
  return `<${name}${writtenAttributes(attributes)}${!isForeign && VOID_ELEMENTS.has(name) ? ' />' : '>'}`;
}

function closeTag(page: Page, scanner: Scanner): void {
  const { name } = scanner;
  const end = `</${page.foreign > 0 ? (foreignElement(name) ?? name) : name}>`;
  if (page.foreign === 0 && page.greater === scanner.at - 1) {
    const tag = { isClosing: true, end, isVoid: false, isBlock: BLOCK_ELEMENTS.has(name), written: end };
    rememberTag(page.html.slice(scanner.start, scanner.at), tag);
  }
  closeElement(page, scanner, end);
}

/** Ends the innermost element of that name with all that is open inside of it; none where no such element is open. */
function closeElement(page: Page, scanner: Scanner, end: string): void {
  const { ends } = page;
  const at = ends.lastIndexOf(end);
  let written = '';
  while (at >= 0 && ends.length > at) {
    const top = ends.pop() ?? '';
    written += top;
    if (top === '</svg>' || top === '</math>') page.foreign--;
  }
  replace(page, scanner, written);
}
