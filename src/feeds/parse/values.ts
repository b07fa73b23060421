import { decodeHTMLStrict } from 'entities';
import { isAllowedElement } from './allow-list.ts';
import { cutText, repairedText } from './clean.ts';
import type { Value } from './draft.ts';
import { MAX_MARKUP } from './limits.ts';
import type { Node } from './node.ts';
import { escapeText } from './references.ts';
import { onOneLine } from './text.ts';

/** Which dialect says how markup is marked. */
export type Dialect = 'rss' | 'atom03' | 'atom10';

/** The first of these elements that says anything, read as what it says it is. */
export function firstValue(node: Node, dialect: Dialect, ...names: string[]): Value | null {
  for (const name of names) {
    const value = valueNamed(node, name, name.startsWith('atom:') ? 'atom10' : dialect);
    if (value !== null) return value;
  }
  return null;
}

function valueNamed(node: Node, name: string, dialect: Dialect): Value | null {
  for (const child of node.children) {
    if (child.name !== name || child.text === '') continue;
    const value = valueOfElement(child, dialect);
    if (value !== null && value.text.trim() !== '') return value;
  }
  return null;
}

function valueOfElement(node: Node, dialect: Dialect): Value | null {
  const given = contentOf(node, dialect);
  if (given === undefined) return null;
  const text = cutText(given, MAX_MARKUP);
  const isHtml = node.hasMarkup || isDeclaredHtml(node, dialect, text);
  // XHTML in which no elements were met is text; one that came packed has not been looked at yet.
  const isBareText = isHtml && isXhtml(node) && !node.hasMarkup && given === node.text;
  return { text: isBareText ? escapeText(text) : text, isHtml, base: node.base };
}

/** The element's content, unpacked; undefined where it is no text at all. */
function contentOf(node: Node, dialect: Dialect): string | undefined {
  const type = typeOf(node);
  const mode = node.attributes.get('mode');
  // Atom 0.3's, which some kept in feeds of 1.0.
  if (dialect !== 'rss' && mode === 'base64') return fromBase64(node.text);
  if (dialect !== 'rss' && mode === undefined && !node.hasMarkup && isBinary(type)) return fromBase64(node.text);
  if (node.hasMarkup && dialect === 'atom10' && isXhtml(node)) return withoutWrapper(node.text);
  return node.text;
}

/** Atom 1.0, 4.1.3.3: any media type that is not text or XML is base64. */
function isBinary(type: string): boolean {
  return type.includes('/') && !type.startsWith('text/') && !/[+/]xml$/.test(type) && !type.endsWith('html');
}

function fromBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Atom 1.0, 3.1.1.3: the one `div` around XHTML is not part of it. */
function withoutWrapper(html: string): string {
  const match = /^\s*<div(?:\s[^<>]*)?>/.exec(html);
  if (match === null) return html;
  const end = html.trimEnd();
  if (!end.endsWith('</div>')) return html;
  const inner = end.slice(match[0].length, -6);
  let depth = 0;
  for (const tag of inner.matchAll(/<(\/?)div(?=[\s>])/g)) {
    depth += tag[1] === '' ? 1 : -1;
    if (depth < 0) return html;
  }
  return inner.trim();
}

function typeOf(node: Node): string {
  return (node.attributes.get('type') ?? '').trim().toLowerCase();
}

function isXhtml(node: Node): boolean {
  const type = typeOf(node);
  return type === 'xhtml' || type === 'application/xhtml+xml';
}

const TEXT_TITLES = new Set(['title', 'dc:title', 'media:title', 'itunes:title', 'rights', 'copyright']);

function isDeclaredHtml(node: Node, dialect: Dialect, text: string): boolean {
  const type = typeOf(node);
  if (type === 'html' || type === 'text/html' || isXhtml(node)) return true;
  if (dialect !== 'rss') return type !== '' && type !== 'text' && !type.startsWith('text/') && looksLikeHtml(text);
  if (type === 'text' || type === 'plain' || type === 'text/plain') return false;
  return TEXT_TITLES.has(node.name) ? looksLikeHtml(text) : MARKED.test(text);
}

/** Any sign of markup: descriptions of RSS are HTML, but plain text with line breaks is better read as what it is. */
const MARKED = /<\/?[a-z]|<!--|&(?:#x?[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/i;
const QUALIFIES = /<\/[a-z][a-z0-9]*\s*>|<(?:br|hr|img|wbr)\b|&(?:#x?[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/i;

/** Titles of RSS do not say whether they are HTML: they are where all of their tags and references are known ones. */
export function looksLikeHtml(text: string): boolean {
  if (!QUALIFIES.test(text)) return false;
  for (const [, name = ''] of text.matchAll(/<\/?([a-z][a-z0-9]*)/gi)) {
    if (!isAllowedElement(name.toLowerCase())) return false;
  }
  for (const [reference] of text.matchAll(/&[a-z][a-z0-9]{1,31};/gi)) {
    if (decodeHTMLStrict(reference) === reference) return false;
  }
  return true;
}

/** The text of an element that holds plain text, clean and on one line. */
export function lineOf(text: string | undefined, length: number): string | undefined {
  if (text === undefined) return undefined;
  const line = onOneLine(repairedText(text.slice(0, length * 4))).trim();
  return line === '' ? undefined : cutText(line, length);
}
