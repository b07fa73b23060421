import type { Draft, FeedDraft } from './draft.ts';
import { isMarkupElement } from './markup.ts';
import type { Node, Tree } from './node.ts';

/** The key under which an entry's draft travels through rss-parser's builders. */
export const DRAFT = 'newsrank:draft';

/** The same for its date, which would be read once more under its own name. */
export const DATE = 'newsrank:date';

/** An entry of the tree with what it came to. */
export interface ReadItem {
  readonly node: Node;
  readonly draft: Draft;
}

/** An element as xml2js has it, which is what rss-parser's builders read. */
export type Element = { [name: string]: unknown };

/**
 * The elements of an entry that rss-parser's builders read, less those that are set from the draft. Markup is not among
 * them: rss-parser makes snippets of it with regular expressions whose time is quadratic (80 kB of `<p` take it 4.6 s).
 */
const READ = new Set(
  `comments enclosure dc:creator dc:date dc:language dc:rights dc:source itunes:author itunes:explicit itunes:duration
  itunes:image itunes:episode itunes:season itunes:keywords itunes:episodetype`.split(/\s+/),
);

/** rss-parser's spelling where it is not the lower case of the tree. */
const SPELLING = new Map(
  [
    'pubDate',
    'lastBuildDate',
    'managingEditor',
    'webMaster',
    'skipHours',
    'skipDays',
    'textInput',
    'itunes:episodeType',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * The document in the shape of xml2js, with what has been settled in place of what stood there: dates as RFC 3339, one
 * absolute link. Everything else travels in the draft.
 */
export function rssShape(tree: Tree, feed: Omit<FeedDraft, 'entries'>, read: readonly ReadItem[]): Element {
  const items = read.map((item) => itemShape(item, tree.format === 'atom'));
  const channel = elementShape(tree.channel);
  if (feed.title !== null) channel['title'] = [feed.title.text];
  if (feed.description !== null) channel['description'] = [feed.description.text];
  if (tree.format === 'atom') {
    channel['link'] = [linkShape(feed.link, 'alternate'), linkShape(feed.selfUrl, 'self')];
    channel['entry'] = items;
    return { feed: channel };
  }
  channel['link'] = feed.link === null ? [] : [feed.link];
  if (tree.format === 'rdf') return { 'rdf:RDF': { channel: [channel], item: items } };
  channel['item'] = items;
  const isPodcast = tree.channel.children.some((child) => child.name.startsWith('itunes:'));
  return { rss: { $: isPodcast ? { 'xmlns:itunes': 'itunes' } : {}, channel: [channel] } };
}

function itemShape({ node, draft }: ReadItem, isAtom: boolean): Element {
  const shape: Element = {};
  for (const child of node.children) if (READ.has(child.name)) append(shape, child);
  shape[DRAFT] = [draft];
  set(shape, 'title', draft.title?.text);
  set(shape, 'link', isAtom && draft.link !== null ? linkShape(draft.link, 'alternate') : draft.link);
  set(shape, DATE, (draft.published ?? draft.updated)?.toISOString());
  set(shape, isAtom ? 'id' : 'guid', draft.id);
  const [author] = draft.authors;
  set(shape, 'author', isAtom && author !== undefined ? { name: [author] } : author);
  if (draft.categories.length > 0) shape['category'] = draft.categories;
  return shape;
}

function set(shape: Element, name: string, value: unknown): void {
  if (value !== undefined && value !== null) shape[name] = [value];
}

function linkShape(href: string | null, rel: string): Element {
  return { $: href === null ? { rel: 'none' } : { rel, href } };
}

/** An element named `__proto__` is left out here; any other name makes a property of its own, `toString` too. */
function elementShape(node: Node): Element {
  const shape: Element = {};
  if (node.attributes.size > 0) shape['$'] = attributesShape(node.attributes);
  for (const child of node.children) {
    if (!isMarkupElement(child.name) && child.name !== '__proto__') append(shape, child);
  }
  return shape;
}

function append(shape: Element, node: Node): void {
  const name = SPELLING.get(node.name) ?? node.name;
  const value = node.children.length === 0 && node.attributes.size === 0 ? node.text.trim() : withText(node);
  const list = Object.hasOwn(shape, name) ? shape[name] : undefined;
  if (Array.isArray(list)) list.push(value);
  else shape[name] = [value];
}

function attributesShape(attributes: ReadonlyMap<string, string>): Element {
  const shape: Element = {};
  for (const [name, value] of attributes) if (name !== '__proto__') shape[name] = value;
  return shape;
}

function withText(node: Node): Element {
  const shape = elementShape(node);
  const text = node.text.trim();
  if (text !== '') shape['_'] = text;
  return shape;
}
