import { MAX_MARKUP } from './limits.ts';
import { resolveLink } from './links.ts';
import { FOREIGN } from './namespaces.ts';
import type { Node } from './node.ts';
import { escapeAttribute, escapeText } from './references.ts';

/** Elements whose content may be markup, escaped or inline. */
const ELEMENTS = new Set([
  'title',
  'subtitle',
  'tagline',
  'summary',
  'description',
  'abstract',
  'content',
  'body',
  'fullitem',
  'info',
  'rights',
  'copyright',
  'content:encoded',
  'xhtml:body',
  'xhtml:div',
  'dc:title',
  'dc:description',
  'dcterms:abstract',
  'itunes:title',
  'itunes:subtitle',
  'itunes:summary',
  'googleplay:description',
  'media:title',
  'media:description',
  'media:text',
  'atom:title',
  'atom:summary',
  'atom:content',
]);

const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'param',
  'source',
  'track',
  'wbr',
]);
const LINKS = new Set(['href', 'src', 'cite', 'poster', 'background', 'longdesc', 'action', 'data', 'usemap']);
/** Text that is HTML already, as opposed to text with elements in between. */
const HTML = /<\/?[a-z][a-z0-9]*(?:\s[^<>]{0,4096})?\/?>/i;

export function isMarkupElement(name: string): boolean {
  return ELEMENTS.has(name);
}

/** Whether the feed says that what stands inside is XML, so that `<` in CDATA is a character. */
export function isXhtmlElement(node: Node): boolean {
  return node.attributes.get('type')?.includes('xhtml') ?? false;
}

/** Writes a start tag into the markup of `holder`. References are resolved where the element has a base of its own. */
export function openMarkup(holder: Node, name: string, attributes: ReadonlyMap<string, string>, base: string): void {
  if (!holder.hasMarkup) {
    holder.hasMarkup = true;
    if (!HTML.test(holder.text)) holder.text = escapeText(holder.text);
  }
  const local = htmlName(name);
  if (local === undefined || holder.text.length > MAX_MARKUP) return;
  const written = attributes.size === 0 ? '' : markupAttributes(attributes, base === holder.base ? undefined : base);
  holder.text += VOID.has(local) ? `<${local}${written} />` : `<${local}${written}>`;
}

function markupAttributes(attributes: ReadonlyMap<string, string>, base: string | undefined): string {
  let written = '';
  for (const [name, value] of attributes) {
    if (name.startsWith('xmlns') || name === 'xml:base') continue;
    const resolved = base !== undefined && LINKS.has(name) ? resolveLink(value, base) : value;
    written += ` ${name}="${escapeAttribute(resolved)}"`;
  }
  return written;
}

export function closeMarkup(holder: Node, name: string): void {
  const local = htmlName(name);
  if (local === undefined || VOID.has(local) || holder.text.length > MAX_MARKUP) return;
  holder.text += `</${local}>`;
}

/** The HTML name of an element inside markup; none where the element is of a namespace without meaning in HTML. */
function htmlName(name: string): string | undefined {
  const colon = name.indexOf(':');
  if (colon < 0) return name;
  const prefix = name.slice(0, colon);
  return prefix === FOREIGN || !['xhtml', 'svg', 'math', 'atom'].includes(prefix) ? undefined : name.slice(colon + 1);
}
