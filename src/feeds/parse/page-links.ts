import { MAX_URL } from './limits.ts';
import { resolveBase, resolveLink, safeLink } from './links.ts';
import { resolveHtmlReferences } from './references.ts';
import { newScanner, type Scanner, scan, scannedText, skipElement } from './scan-html.ts';
import { lineOf } from './values.ts';

/** A link of an HTML page that may lead to a feed. */
export interface PageLink {
  readonly url: string;
  /** `link`: the page declares it to be a feed; `anchor`: it only looks like one. */
  readonly via: 'link' | 'anchor';
  readonly title: string;
  readonly language: string | null;
}

/** What an HTML page says of its feeds. */
export interface PageLinks {
  readonly language: string | null;
  /** In the page's order, those that it declares before the others. */
  readonly links: readonly PageLink[];
}

/** Of a page: feeds are declared in its head, and a page may be as long as a book. */
const MAX_LENGTH = 512 * 1024;
const MAX_DECLARED = 100;
const MAX_ANCHORS = 50;
const MAX_TITLE = 255;

const FEED_TYPES =
  /^(?:(?:application|text)\/(?:x[.-])?(?:rss|atom|rdf)(?:\+xml)?|application\/(?:feed\+json|json|xml)|text\/xml)$/;
const FEED_PATH = /^feed:|(?:^|[/._?&=-])(?:rss2?|atom|feeds?|rdf)(?:$|[/._?&=-])/i;
const FEED_TEXT =
  /^(?:(?:the|our|full|subscribe(?: via| to)?)\s+)*(?:rss|atom|xml|json feed|feeds?)(?:[\s/]+(?:feeds?|2\.0|1\.0|atom|rss))*$/i;
const RAW_TEXT: ReadonlySet<string> = new Set(['script', 'style', 'textarea', 'template', 'iframe', 'svg']);

interface Found {
  base: string | undefined;
  language: string | null;
  readonly declared: Raw[];
  readonly anchors: Raw[];
}

type Raw = Omit<PageLink, 'url' | 'via'> & { readonly href: string };

/** The feeds that a page declares, and its links that look like feeds. Linear in the page's length, which is bounded. */
export function readPageLinks(html: string, url: string): PageLinks {
  const scanner = newScanner(html.slice(0, MAX_LENGTH));
  const found: Found = { base: undefined, language: null, declared: [], anchors: [] };
  while (scan(scanner)) if (scanner.kind === 'open') readTag(scanner, found);
  const base = found.base === undefined ? url : resolveBase(found.base, url);
  const links = [...resolved(found.declared, 'link', base), ...resolved(found.anchors, 'anchor', base)];
  return { language: found.language, links: distinct(links) };
}

function readTag(scanner: Scanner, found: Found): void {
  switch (scanner.name) {
    case 'html':
      found.language ??= attributeOf(scanner, 'lang') || attributeOf(scanner, 'xml:lang') || null;
      break;
    case 'base':
      found.base ??= attributeOf(scanner, 'href') || undefined;
      break;
    case 'link':
      readLink(scanner, found);
      break;
    case 'a':
      readAnchor(scanner, found);
      break;
    default:
      if (RAW_TEXT.has(scanner.name)) skipElement(scanner, scanner.name);
  }
}

function readLink(scanner: Scanner, { declared }: Found): void {
  const rels = (attributeOf(scanner, 'rel') ?? '').toLowerCase().split(/\s+/);
  const type = (attributeOf(scanner, 'type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const href = attributeOf(scanner, 'href');
  const isFeed = isFeedLink(rels, type);
  if (!isFeed || href === undefined || declared.length >= MAX_DECLARED) return;
  const title = lineOf(attributeOf(scanner, 'title'), MAX_TITLE) ?? '';
  declared.push({ href, title, language: attributeOf(scanner, 'hreflang') || null });
}

/** Whether a link of these relations (lower case) to a document of this type is a page's feed. */
export function isFeedLink(rels: readonly string[], type: string): boolean {
  if (rels.includes('stylesheet')) return false;
  return rels.includes('feed') || (rels.includes('alternate') && FEED_TYPES.test(type));
}

function readAnchor(scanner: Scanner, { anchors }: Found): void {
  const href = attributeOf(scanner, 'href')?.trim();
  if (href === undefined || href.length > MAX_URL || anchors.length >= MAX_ANCHORS) return;
  const named = lineOf(attributeOf(scanner, 'title') || attributeOf(scanner, 'aria-label'), MAX_TITLE) ?? '';
  const text = textWithin(scanner);
  const path = href.replace(/^https?:\/\/[^/]*/i, '');
  const isFeed = FEED_PATH.test(path) || FEED_TEXT.test(text) || FEED_TEXT.test(named);
  if (isFeed) anchors.push({ href, title: text === '' ? named : text, language: null });
}

/** The first text in the anchor, where a picture may stand before it. */
function textWithin(scanner: Scanner): string {
  while (scan(scanner) && scanner.kind !== 'text') {
    if (scanner.kind === 'close' && scanner.name === 'a') return '';
  }
  return (scanner.kind === 'text' && lineOf(resolveHtmlReferences(scannedText(scanner)), MAX_TITLE)) || '';
}

function attributeOf({ attributes }: Scanner, name: string): string | undefined {
  for (let at = 0; at < attributes.length; at += 2) {
    if (attributes[at] === name) return resolveHtmlReferences(attributes[at + 1] ?? '');
  }
  return undefined;
}

function resolved(raw: readonly Raw[], via: PageLink['via'], base: string): PageLink[] {
  return raw.flatMap(({ href, title, language }) => {
    // Some still write feed:, which browsers once handed to a reader.
    const url = safeLink(resolveLink(href.trim().replace(/^feed:(?:\/\/)?(?=https?:)|^feed:(?=\/\/)/i, ''), base));
    return url === null ? [] : [{ url: withoutFragment(url), via, title, language }];
  });
}

function withoutFragment(url: string): string {
  const [bare = url] = url.split('#', 1);
  return bare;
}

function distinct(links: readonly PageLink[]): PageLink[] {
  const byUrl = new Map<string, PageLink>();
  for (const link of links) if (!byUrl.has(link.url)) byUrl.set(link.url, link);
  return [...byUrl.values()];
}
