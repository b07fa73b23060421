import { DomUtils, parseDocument } from 'htmlparser2';

/**
 * What the W3C's feed validator finds wrong with, or warns of in, feeds of the kind that we write, and what RFC 4287 and
 * the RSS 2.0 specification ask of them: its rules that concern elements which we have, each as a sentence.
 */

type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];

const URI = /^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]+$/i;
const RFC_822 =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/i;
const MIME = /^[\w.+-]+\/[\w.+-]+$/;
/** Elements of HTML and attributes that the validator takes for a risk, and addresses that a reader cannot resolve. */
const UNSAFE =
  /<(script|iframe|object|embed|meta|link|style|form|base)\b|\son\w+=|javascript:|\sstyle=|\s(href|src)="(?!https?:|mailto:|data:)/i;
const MARKUP = /<\/(a|b|i|p|em|strong|span|div|br|code)>/i;

const childrenOf = (parent: Element, name: string) =>
  parent.children.filter((child): child is Element => child.type === 'tag' && (child as Element).name === name);
const textOf = (parent: Element, name: string) => childrenOf(parent, name).map((child) => DomUtils.textContent(child));
const hasDuplicates = (values: readonly string[]) => new Set(values).size < values.length;

class Findings {
  readonly all: string[] = [];
  expect(isGood: boolean, sentence: string, value: unknown = ''): void {
    if (!isGood) this.all.push(`${sentence}${value === '' ? '' : `: ${JSON.stringify(value)}`}`);
  }
  once(parent: Element, name: string): string {
    const found = textOf(parent, name);
    this.expect(found.length === 1, `<${parent.name}> has one <${name}>`, found);
    return found[0] ?? '';
  }
  atMostOnce(parent: Element, ...names: string[]): void {
    for (const name of names)
      this.expect(textOf(parent, name).length <= 1, `<${parent.name}> has one <${name}> at most`);
  }
  uri(text: string, what: string): void {
    this.expect(URI.test(text) && !/[\s<>"{}|\\^`]/.test(text), `${what} is a URI`, text);
  }
}

function rootOf(xml: string, name: string): Element {
  const root = DomUtils.getElementsByTagName(name, parseDocument(xml, { xmlMode: true }), true, 1)[0];
  if (root === undefined) throw new Error(`there is no <${name}>`);
  return root;
}

/** Names with a prefix must be of a namespace that the root declares, and one that the validator knows or that is ours. */
function checkNamespaces(found: Findings, root: Element): void {
  for (const element of DomUtils.getElementsByTagName(() => true, root)) {
    const [prefix, local] = element.name.split(':');
    found.expect(local === undefined || `xmlns:${prefix}` in root.attribs, 'a prefix is declared', element.name);
    if (element.name === 'media:content') {
      found.uri(element.attribs['url'] ?? '', 'media:content url');
      found.expect(element.attribs['medium'] === 'image', 'media:content has a medium that there is');
    }
  }
  found.uri(root.attribs['xmlns:ranking'] ?? '', 'our namespace');
}

function checkLinks(found: Findings, links: readonly Element[], self: string): void {
  const keys = links.map(({ attribs }) => `${attribs['rel']} ${attribs['type']} ${attribs['hreflang']}`);
  found.expect(!hasDuplicates(keys), 'links differ in rel, type or hreflang', keys);
  for (const { attribs } of links) {
    found.uri(attribs['href'] ?? '', 'a link');
    found.expect(attribs['type'] === undefined || MIME.test(attribs['type']), 'the type of a link is one');
    found.expect(/^(self|next|hub|alternate|via)$/.test(attribs['rel'] ?? ''), 'a rel that is registered');
  }
  const own = links.filter(({ attribs }) => attribs['rel'] === 'self').map(({ attribs }) => attribs['href']);
  found.expect(own.length === 1 && own[0] === self, 'the self link is where the document was got', own);
}

export function findingsOfRss(xml: string, location: string): readonly string[] {
  const found = new Findings();
  found.expect(xml.startsWith('<?xml version="1.0" encoding="utf-8"?>'), 'the declaration stands first');
  const root = rootOf(xml, 'rss');
  found.expect(root.attribs['version'] === '2.0', 'rss says its version');
  const channel = childrenOf(root, 'channel')[0];
  if (channel === undefined) return ['there is one channel'];
  checkNamespaces(found, root);
  for (const name of ['title', 'link', 'description'])
    found.expect(found.once(channel, name) !== '', `${name} is not blank`);
  found.uri(found.once(channel, 'link'), 'the link of the channel');
  for (const text of [...textOf(channel, 'title'), ...textOf(channel, 'description')])
    found.expect(!MARKUP.test(text), 'no markup in plain text', text);
  found.atMostOnce(channel, 'language', 'lastBuildDate', 'generator', 'docs', 'ttl');
  for (const text of textOf(channel, 'language')) found.expect(LANGUAGE.test(text), 'a language', text);
  for (const text of textOf(channel, 'lastBuildDate')) found.expect(RFC_822.test(text), 'an RFC 822 date', text);
  for (const text of textOf(channel, 'ttl')) found.expect(Number(text) > 0, 'ttl is positive', text);
  checkLinks(found, childrenOf(channel, 'atom:link'), location);
  const items = childrenOf(channel, 'item');
  for (const item of items) checkRssItem(found, item);
  found.expect(!hasDuplicates(items.flatMap((item) => textOf(item, 'guid'))), 'guids differ');
  return found.all;
}

function checkRssItem(found: Findings, item: Element): void {
  found.expect(found.once(item, 'title').trim() !== '', 'an item has a title');
  found.expect(!MARKUP.test(found.once(item, 'title')), 'no markup in a title', textOf(item, 'title'));
  found.uri(found.once(item, 'link'), 'the link of an item');
  const guid = childrenOf(item, 'guid')[0];
  found.expect(guid?.attribs['isPermaLink'] === 'false', 'guid says whether it is a link');
  found.expect(!/^\d{1,8}$/.test(found.once(item, 'guid')), 'guid is sufficiently unique');
  found.expect(RFC_822.test(found.once(item, 'pubDate')), 'an RFC 822 date', textOf(item, 'pubDate'));
  found.atMostOnce(item, 'description', 'content:encoded', 'dc:language', 'author', 'comments', 'source', 'enclosure');
  // An author of RSS is an e-mail address; and two elements must not say the same.
  found.expect(textOf(item, 'author').length === 0, 'dc:creator stands for author');
  for (const text of [...textOf(item, 'description'), ...textOf(item, 'content:encoded')])
    found.expect(!UNSAFE.test(text), 'HTML is safe and its addresses whole', text);
  for (const text of textOf(item, 'dc:language')) found.expect(LANGUAGE.test(text), 'a language', text);
}

export function findingsOfAtom(xml: string, location: string): readonly string[] {
  const found = new Findings();
  found.expect(xml.startsWith('<?xml version="1.0" encoding="utf-8"?>'), 'the declaration stands first');
  const feed = rootOf(xml, 'feed');
  found.expect(feed.attribs['xmlns'] === 'http://www.w3.org/2005/Atom', 'the namespace of Atom');
  checkNamespaces(found, feed);
  checkAtomMetadata(found, feed);
  found.atMostOnce(feed, 'subtitle', 'generator', 'icon', 'logo', 'rights');
  checkLinks(found, childrenOf(feed, 'link'), location);
  const entries = childrenOf(feed, 'entry');
  const elements = feed.children.filter((child) => child.type === 'tag') as Element[];
  const firstEntry = elements.findIndex(({ name }) => name === 'entry');
  const late = firstEntry < 0 ? [] : elements.slice(firstEntry).filter(({ name }) => name !== 'entry');
  found.expect(late.length === 0, 'what is of the feed stands before its entries');
  for (const entry of entries) checkEntry(found, entry);
  found.expect(!hasDuplicates(entries.flatMap((entry) => textOf(entry, 'id'))), 'ids differ');
  found.expect(
    !hasDuplicates(entries.flatMap((entry) => textOf(entry, 'updated'))),
    'no two entries changed at one time',
  );
  return found.all;
}

function checkAtomMetadata(found: Findings, parent: Element): void {
  found.once(parent, 'title');
  found.uri(found.once(parent, 'id'), 'id');
  found.expect(RFC_3339.test(found.once(parent, 'updated')), 'an RFC 3339 date', textOf(parent, 'updated'));
  const names = childrenOf(parent, 'author').flatMap((author) => textOf(author, 'name'));
  found.expect(names.length > 0 && names.every((name) => name.trim() !== ''), 'there is an author, with a name');
}

function checkEntry(found: Findings, entry: Element): void {
  checkAtomMetadata(found, entry);
  found.atMostOnce(entry, 'published', 'summary', 'content', 'rights', 'source');
  found.expect(RFC_3339.test(found.once(entry, 'published')), 'an RFC 3339 date');
  found.expect(
    textOf(entry, 'summary').some((text) => text.trim() !== ''),
    'an entry has text',
  );
  const links = childrenOf(entry, 'link');
  for (const { attribs } of links) found.uri(attribs['href'] ?? '', 'a link');
  found.expect(
    links.filter(({ attribs }) => attribs['rel'] === 'alternate').length === 1,
    'an entry has one alternate',
  );
  for (const category of childrenOf(entry, 'category')) {
    found.expect((category.attribs['term'] ?? '') !== '', 'a category has a term');
  }
  for (const content of childrenOf(entry, 'content')) {
    found.expect(content.attribs['type'] === 'html', 'content says what it is');
    found.expect(!UNSAFE.test(DomUtils.textContent(content)), 'HTML is safe and its addresses whole');
  }
  const language = entry.attribs['xml:lang'];
  found.expect(language === undefined || LANGUAGE.test(language), 'a language', language);
}
