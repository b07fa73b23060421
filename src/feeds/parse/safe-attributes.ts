import { allowedAttribute, LINK_ATTRIBUTES, LINK_SCHEMES } from './allow-list.ts';
import { resolveLink, schemeOf } from './links.ts';
import { resolveHtmlReferences } from './references.ts';
import { safeReferences } from './safe-text.ts';
import type { Scanner } from './scan-html.ts';
import { sanitizeStyle } from './style.ts';

/** The attributes of a start tag that may stay, made safe and put in order: names, each followed by its value. */
export function safeAttributes(tag: Scanner, isForeign: boolean, base: string): string[] {
  const { attributes } = tag;
  const kept: string[] = [];
  for (let index = 0; index < attributes.length; index += 2) {
    const name = allowedAttribute(attributes[index] ?? '', isForeign);
    if (name === undefined || hasName(kept, name)) continue;
    const value = safeValue(name, attributes[index + 1] ?? '', base, isForeign);
    if (value !== undefined) insert(kept, name, value);
  }
  if (isForeign) addNamespaces(tag.name, kept);
  return kept;
}

export function writtenAttributes(attributes: readonly string[]): string {
  let written = '';
  for (let at = 0; at < attributes.length; at += 2) written += ` ${attributes[at]}="${attributes[at + 1]}"`;
  return written;
}

/** In one order, so that a feed that shuffles attributes does not look like one that has new content. */
function insert(kept: string[], name: string, value: string): void {
  let at = kept.length;
  kept.push(name, value);
  for (; at > 0 && name < (kept[at - 2] ?? ''); at -= 2) {
    kept[at] = kept[at - 2] ?? '';
    kept[at + 1] = kept[at - 1] ?? '';
  }
  kept[at] = name;
  kept[at + 1] = value;
}

function hasName(kept: readonly string[], name: string): boolean {
  for (let at = 0; at < kept.length; at += 2) if (kept[at] === name) return true;
  return false;
}

/** Those that are needed, whatever the feed declared. */
function addNamespaces(element: string, kept: string[]): void {
  const own = NAMESPACES.get(element);
  if (own !== undefined) insert(kept, 'xmlns', own);
  if (hasName(kept, 'xlink:href')) insert(kept, 'xmlns:xlink', 'http://www.w3.org/1999/xlink');
}

const NAMESPACES: ReadonlyMap<string, string> = new Map([
  ['svg', 'http://www.w3.org/2000/svg'],
  ['math', 'http://www.w3.org/1998/Math/MathML'],
]);

/** Attributes of SVG are CSS too: of functions they may have those of colours and of transformations, and no escapes. */
const FOREIGN_VALUE = /^(?:[^()\\]|\b(?:rgba?|hsla?|matrix|translate|rotate|scale|skew[xy])\([^()\\]*\))*$/i;

/** The value, still HTML, ready to stand between double quotes; undefined where the attribute must go. */
function safeValue(name: string, raw: string, base: string, isForeign: boolean): string | undefined {
  if (name === 'style') {
    const style = sanitizeStyle(resolveHtmlReferences(raw));
    return style === '' ? undefined : quoted(style);
  }
  if (LINK_ATTRIBUTES.has(name)) return safeReference(raw, base);
  return isForeign && !FOREIGN_VALUE.test(resolveHtmlReferences(raw)) ? undefined : quoted(raw);
}

function safeReference(raw: string, base: string): string | undefined {
  if (raw.startsWith('https://') || raw.startsWith('http://')) return quoted(raw.trimEnd());
  const given = raw.trim();
  if (given === '') return '';
  const link = resolveHtmlReferences(given);
  const scheme = schemeOf(link);
  if (scheme !== '') return LINK_SCHEMES.has(scheme) ? quoted(given) : undefined;
  const resolved = resolveLink(link, base);
  return resolved === link ? quoted(given) : quoted(resolved.replaceAll('&', '&amp;'));
}

function quoted(raw: string): string {
  const text = raw.includes('&') ? safeReferences(raw) : raw;
  return /["<>]/.test(text) ? text.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;
}

/** What an `img` with these attributes shows; null for a pixel that only counts. */
export function pictureOf(attributes: readonly string[]): string | null {
  if (/^[01]$/.test(attributeValue(attributes, 'width')) || /^[01]$/.test(attributeValue(attributes, 'height')))
    return null;
  const source = attributeValue(attributes, 'src');
  return source === '' ? null : resolveHtmlReferences(source);
}

function attributeValue(attributes: readonly string[], name: string): string {
  for (let at = 0; at < attributes.length; at += 2) if (attributes[at] === name) return attributes[at + 1] ?? '';
  return '';
}
