import type { Enclosure } from '../entry.ts';
import { MAX_ENCLOSURES } from './limits.ts';
import { resolveLink, safeLink } from './links.ts';
import { mediaOf } from './media.ts';
import { attributeOf, type Node } from './node.ts';

interface Link {
  readonly rel: string;
  readonly type: string;
  readonly href: string;
  readonly length: string | undefined;
  /** Atom's kind, with attributes; RSS's is text. */
  readonly isElement: boolean;
}

const HTML_TYPES = new Set(['', 'text/html', 'application/xhtml+xml', 'html', 'xhtml']);
const IANA = 'http://www.iana.org/assignments/relation/';

const LINKS = new Set(['link', 'atom:link', 'xhtml:link']);

/** The links of an entry or a feed, RSS's and Atom's, made absolute. */
export function linksOf(node: Node): Link[] {
  const links: Link[] = [];
  for (const child of node.children) {
    const link = LINKS.has(child.name) ? linkOf(child) : undefined;
    if (link !== undefined) links.push(link);
  }
  return links;
}

function linkOf(node: Node): Link | undefined {
  const href = node.attributes.get('href')?.trim();
  const text = node.text.trim();
  const rel = (attributeOf(node, 'rel') ?? 'alternate').toLowerCase();
  // An empty `href` is the document itself; an element that has neither is no link.
  if (href === undefined && (text === '' || node.attributes.has('rel'))) return undefined;
  return {
    rel: rel.startsWith(IANA) ? rel.slice(IANA.length) : rel,
    type: (attributeOf(node, 'type') ?? '').toLowerCase(),
    href: href === '' ? node.base : resolveLink(href ?? text, node.base),
    isElement: href !== undefined,
    length: attributeOf(node, 'length'),
  };
}

/** The page that an entry or a feed is about: RSS's link (the last one written), an HTML alternate, another alternate. */
export function alternateOf(links: readonly Link[]): string | undefined {
  const plain = links.findLast((link) => !link.isElement);
  if (plain !== undefined) return plain.href;
  const alternates = links.filter((link) => link.rel === 'alternate');
  return (alternates.find((link) => HTML_TYPES.has(link.type)) ?? alternates[0])?.href;
}

export function relatedOf(links: readonly Link[], rel: string): string | null {
  return safeLink(links.find((link) => link.rel === rel)?.href);
}

/** The article's page: alternate, then a guid that is a permalink. */
export function entryLink(node: Node, links: readonly Link[]): string | null {
  return alternateOf(links) ?? hrefOf(node) ?? permalink(node) ?? null;
}

/** CDF's link, an attribute. */
export function hrefOf(node: Node): string | undefined {
  const href = attributeOf(node, 'href');
  return href === undefined ? undefined : resolveLink(href, node.base);
}

function permalink(node: Node): string | undefined {
  const guid = node.children.find((child) => child.name === 'guid');
  const text = guid?.text.trim();
  if (guid === undefined || text === undefined || text === '') return undefined;
  if (attributeOf(guid, 'ispermalink')?.toLowerCase() === 'false') return undefined;
  // A guid that does not say otherwise is a link, but many are none: those must not be resolved into one.
  return text.startsWith('/') || attributeOf(guid, 'ispermalink') !== undefined ? resolveLink(text, guid.base) : text;
}

/** The entry's identity as given; only a relative reference, which says nothing by itself, is made absolute. */
export function entryId(node: Node): string | null {
  for (const child of node.children) {
    if (child.name !== 'guid' && child.name !== 'id' && child.name !== 'atom:id') continue;
    const text = child.text.trim();
    if (text === '') continue;
    const isOpaque = attributeOf(child, 'ispermalink')?.toLowerCase() === 'false';
    return text.startsWith('/') && !isOpaque ? resolveLink(text, child.base) : text;
  }
  return attributeOf(node, 'rdf:about') ?? null;
}

/** Everything attached: enclosures of RSS and Atom first, then media. */
export function enclosuresOf(node: Node, links: readonly Link[]): Enclosure[] {
  const found: Enclosure[] = [];
  for (const child of node.children) {
    if (child.name !== 'enclosure') continue;
    const url = attributeOf(child, 'url') ?? attributeOf(child, 'href');
    addEnclosure(found, url, child.base, attributeOf(child, 'type'), attributeOf(child, 'length'));
  }
  for (const { rel, href, type, length } of links) {
    if (rel === 'enclosure') addEnclosure(found, href, '', type === '' ? undefined : type, length);
  }
  for (const media of mediaOf(node)) {
    addEnclosure(
      found,
      attributeOf(media, 'url'),
      media.base,
      attributeOf(media, 'type'),
      attributeOf(media, 'filesize'),
    );
  }
  return found;
}

function addEnclosure(
  found: Enclosure[],
  url: string | undefined,
  base: string,
  type: string | undefined,
  length: string | undefined,
): void {
  if (url === undefined || found.length >= MAX_ENCLOSURES) return;
  const href = resolveLink(url, base);
  if (!found.some((each) => each.url === href)) found.push({ url: href, type: type ?? null, length: lengthOf(length) });
}

function lengthOf(text: string | undefined): number | null {
  const length = Number(text);
  return text !== undefined && Number.isSafeInteger(length) && length >= 0 ? length : null;
}
