import { DomUtils, parseDocument } from 'htmlparser2';
import { parseFragment } from 'parse5';

/**
 * What the W3C's feed validator finds wrong with, or warns of in, feeds of the kind that we write, and what RFC 4287 and
 * the RSS 2.0 specification ask of them: its rules that concern elements which we have, each as a sentence. One warning is
 * left out, as it comes with every namespace that the validator was not written for (UnknownNamespace): ours.
 */

type Element = ReturnType<typeof DomUtils.getElementsByTagName>[number];

const URI = /^[a-z][a-z0-9+.-]*:(\/\/\[[\da-f:]+\])?[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$/i;
const RFC_822 =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/i;
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const MIME = /^[\w.+-]+\/[\w.+-]+$/;
/** Elements of HTML and attributes that the validator takes for a risk, and addresses that a reader cannot resolve. */
const UNSAFE =
  /<(script|iframe|object|embed|meta|link|style|form|base)\b|\son\w+=|javascript:|\sstyle=|\s(href|src)="(?!https?:|mailto:|data:)/i;
/** What the validator takes for HTML in a plain text: an end tag, and, where the text is not written as the RSS profile says, more. */
const END_TAG = /<\/(a|b|i|p|em|strong|span|div|br|code|script)>/i;
const LIKE_HTML = /&#?\w|<[/a-z]/i;
/** Controls, and the sign of an unreadable byte. */
const BAD_CHARACTERS = /[\u007f-\u009f\ufffd]/;
const EARLIEST = Date.UTC(1990);
const AHEAD_MS = 600_000;

const childrenOf = (parent: Element, name: string) =>
  parent.children.filter((child): child is Element => child.type === 'tag' && (child as Element).name === name);
const elementsOf = (parent: Element) => parent.children.filter((child): child is Element => child.type === 'tag');
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
    this.expect(URI.test(text), `${what} is a URI`, text);
  }
  date(text: string, form: RegExp): void {
    this.expect(form.test(text), 'a date in the form of the format', text);
    const at = Date.parse(text);
    this.expect(at >= EARLIEST && at <= Date.now() + AHEAD_MS, 'a date is plausible', text);
  }
  language(text: string): void {
    const isKnown = LANGUAGE.test(text) && LANGUAGES.of(text.split('-')[0] ?? '') !== undefined;
    this.expect(isKnown, 'a language that there is', text);
  }
  /** A text without markup; `xml` shows how it is written. */
  plain(text: string, xml: string): void {
    this.expect(!END_TAG.test(text), 'no markup in plain text', text);
    const written = text
      .replaceAll('&', '&#x26;')
      .replaceAll('<', '&#x3C;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;');
    this.expect(
      !LIKE_HTML.test(text) || xml.includes(written),
      'what looks like HTML is written as the RSS profile says',
      text,
    );
  }
  html(text: string): void {
    this.expect(!UNSAFE.test(text), 'HTML is safe and its addresses whole', text);
    parseFragment(text, { onParseError: ({ code }) => this.expect(false, `HTML is well-formed (${code})`, text) });
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
  const texts = DomUtils.find((node) => node.type === 'text', root.children, true, Number.POSITIVE_INFINITY);
  for (const text of texts) found.expect(!BAD_CHARACTERS.test(DomUtils.textContent(text)), 'no bad characters');
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
  for (const text of [...textOf(channel, 'title'), ...textOf(channel, 'description')]) found.plain(text, xml);
  found.atMostOnce(channel, 'language', 'lastBuildDate', 'generator', 'docs', 'ttl');
  for (const text of textOf(channel, 'language')) found.language(text);
  for (const text of textOf(channel, 'lastBuildDate')) found.date(text, RFC_822);
  for (const text of textOf(channel, 'ttl')) found.expect(Number(text) > 0, 'ttl is positive', text);
  checkLinks(found, childrenOf(channel, 'atom:link'), location);
  const items = childrenOf(channel, 'item');
  for (const item of items) checkRssItem(found, item, xml);
  const after = elementsOf(channel).slice(elementsOf(channel).findIndex(({ name }) => name === 'item'));
  found.expect(items.length === 0 || after.every(({ name }) => name === 'item'), 'items stand last');
  found.expect(!hasDuplicates(items.flatMap((item) => textOf(item, 'guid'))), 'guids differ');
  return found.all;
}

function checkRssItem(found: Findings, item: Element, xml: string): void {
  found.expect(found.once(item, 'title').trim() !== '', 'an item has a title');
  for (const text of [...textOf(item, 'title'), ...textOf(item, 'category')]) found.plain(text, xml);
  for (const text of textOf(item, 'category')) found.expect(text.trim() !== '', 'a category is not blank');
  found.uri(found.once(item, 'link'), 'the link of an item');
  const guid = childrenOf(item, 'guid')[0];
  found.expect(guid?.attribs['isPermaLink'] === 'false', 'guid says whether it is a link');
  found.expect(!/^\d{1,8}$/.test(found.once(item, 'guid')), 'guid is sufficiently unique');
  found.date(found.once(item, 'pubDate'), RFC_822);
  found.atMostOnce(item, 'description', 'content:encoded', 'dc:language', 'author', 'comments', 'source', 'enclosure');
  // An author of RSS is an e-mail address; and two elements must not say the same.
  found.expect(textOf(item, 'author').length === 0, 'dc:creator stands for author');
  for (const text of [...textOf(item, 'description'), ...textOf(item, 'content:encoded')]) found.html(text);
  const names = elementsOf(item).map(({ name }) => name);
  const [description, content] = [names.indexOf('description'), names.indexOf('content:encoded')];
  found.expect(content < 0 || (description >= 0 && description < content), 'a description stands before the content');
  for (const text of textOf(item, 'dc:language')) found.language(text);
}

export function findingsOfAtom(xml: string, location: string): readonly string[] {
  const found = new Findings();
  found.expect(xml.startsWith('<?xml version="1.0" encoding="utf-8"?>'), 'the declaration stands first');
  const feed = rootOf(xml, 'feed');
  found.expect(feed.attribs['xmlns'] === 'http://www.w3.org/2005/Atom', 'the namespace of Atom');
  checkNamespaces(found, feed);
  checkAtomMetadata(found, feed, xml);
  found.atMostOnce(feed, 'subtitle', 'generator', 'icon', 'logo', 'rights');
  checkLinks(found, childrenOf(feed, 'link'), location);
  const entries = childrenOf(feed, 'entry');
  const elements = elementsOf(feed);
  const firstEntry = elements.findIndex(({ name }) => name === 'entry');
  const late = firstEntry < 0 ? [] : elements.slice(firstEntry).filter(({ name }) => name !== 'entry');
  found.expect(late.length === 0, 'what is of the feed stands before its entries');
  for (const entry of entries) checkEntry(found, entry, xml);
  found.expect(!hasDuplicates(entries.flatMap((entry) => textOf(entry, 'id'))), 'ids differ');
  found.expect(
    !hasDuplicates(entries.flatMap((entry) => textOf(entry, 'updated'))),
    'no two entries changed at one time',
  );
  return found.all;
}

function checkAtomMetadata(found: Findings, parent: Element, xml: string): void {
  found.once(parent, 'title');
  for (const name of ['title', 'subtitle', 'summary']) {
    for (const text of childrenOf(parent, name)) {
      if (text.attribs['type'] === 'html') found.html(DomUtils.textContent(text));
      else found.plain(DomUtils.textContent(text), xml);
      found.expect(DomUtils.textContent(text) !== '', `${name} is not blank`);
    }
  }
  found.uri(found.once(parent, 'id'), 'id');
  found.date(found.once(parent, 'updated'), RFC_3339);
  const names = childrenOf(parent, 'author').flatMap((author) => textOf(author, 'name'));
  found.expect(names.length > 0 && names.every((name) => name.trim() !== ''), 'there is an author, with a name');
}

function checkEntry(found: Findings, entry: Element, xml: string): void {
  checkAtomMetadata(found, entry, xml);
  found.atMostOnce(entry, 'published', 'summary', 'content', 'rights', 'source');
  found.date(found.once(entry, 'published'), RFC_3339);
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
    found.html(DomUtils.textContent(content));
  }
  const language = entry.attribs['xml:lang'];
  if (language !== undefined) found.language(language);
}
