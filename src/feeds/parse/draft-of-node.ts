import { authorsOf } from './authors.ts';
import { categoriesOf } from './categories.ts';
import { parseDate } from './dates.ts';
import type { Draft, FeedDraft, Value } from './draft.ts';
import { alternateOf, enclosuresOf, entryId, entryLink, hrefOf, linksOf, relatedOf } from './entry-links.ts';
import { hintsOf } from './hints.ts';
import { imageOf } from './media.ts';
import { attributeOf, childOf, type Node, type Tree, textOf } from './node.ts';
import { type Dialect, firstValue } from './values.ts';

const PUBLISHED = [
  'pubdate',
  'published',
  'issued',
  'atom:published',
  'dcterms:issued',
  'dc:date',
  'created',
  'dcterms:created',
  'date',
];
const UPDATED = ['updated', 'modified', 'atom:updated', 'dcterms:modified', 'lastmod'];
const TITLES = ['title', 'media:title', 'dc:title', 'itunes:title', 'atom:title'];
const SUMMARIES = [
  'description',
  'abstract',
  'dc:description',
  'dcterms:abstract',
  'itunes:summary',
  'googleplay:description',
  'atom:summary',
  'itunes:subtitle',
];
const CONTENTS = ['content:encoded', 'content', 'fullitem', 'body', 'xhtml:body', 'xhtml:div', 'atom:content'];

export function dialectOf(tree: Tree): Dialect {
  if (tree.format !== 'atom') return 'rss';
  return tree.isAtom03 ? 'atom03' : 'atom10';
}

/** What an entry's elements come to, whichever dialect they are of. A field that cannot be read is left out. */
export function draftOfNode(node: Node, dialect: Dialect, zone: string | null): Draft {
  const links = linksOf(node);
  const enclosures = enclosuresOf(node, links);
  return {
    id: entryId(node),
    link: entryLink(node, links),
    title: firstValue(node, dialect, ...TITLES),
    ...bodiesOf(node, dialect),
    authors: authorsOf(node),
    categories: categoriesOf(node),
    enclosures,
    image: imageOf(node, enclosures),
    published: dateOf(node, PUBLISHED, zone),
    updated: dateOf(node, UPDATED, zone) ?? attributeDate(node, zone),
    language: node.language ?? textOf(node, 'dc:language', 'language') ?? null,
  };
}

/** A `summary` beside a `description` means that the description is the text itself. */
function bodiesOf(node: Node, dialect: Dialect): { summary: Value | null; content: Value | null } {
  const summary = firstValue(node, dialect, 'summary');
  const description = firstValue(node, dialect, ...SUMMARIES);
  const content = firstValue(node, dialect, ...CONTENTS);
  if (summary !== null) return { summary, content: content ?? description };
  return {
    summary: description ?? (content === null ? firstValue(node, dialect, 'media:description', 'media:text') : null),
    content,
  };
}

function dateOf(node: Node, names: readonly string[], zone: string | null): Date | null {
  for (const name of names) {
    for (const child of node.children) {
      if (child.name !== name) continue;
      const date = parseDate(child.text, zone);
      if (date !== null) return date;
    }
  }
  return null;
}

function attributeDate(node: Node, zone: string | null): Date | null {
  const text = attributeOf(node, 'lastmod');
  return text === undefined ? null : parseDate(text, zone);
}

/** The feed itself, its entries still to come. */
export function feedDraftOf(tree: Tree): Omit<FeedDraft, 'entries'> {
  const { channel, root } = tree;
  const dialect = dialectOf(tree);
  const links = linksOf(channel);
  return {
    source: channel.base,
    format: tree.format,
    title: firstValue(channel, dialect, ...TITLES),
    link: alternateOf(links) ?? hrefOf(channel) ?? null,
    description: firstValue(
      channel,
      dialect,
      'description',
      'subtitle',
      'tagline',
      'abstract',
      'dc:description',
      'itunes:summary',
      'info',
    ),
    authors: authorsOf(channel),
    language: textOf(channel, 'language', 'dc:language') ?? channel.language ?? root.language,
    hubUrl: relatedOf(links, 'hub'),
    selfUrl: relatedOf(links, 'self'),
    hints: hintsOf(channel),
  };
}

/** The author of an Atom entry without one is that of its source, else that of the feed (RFC 4287, 4.2.1). */
export function inheritedAuthors(node: Node): readonly string[] {
  const source = childOf(node, 'source') ?? childOf(node, 'atom:source');
  return source === undefined ? [] : authorsOf(source);
}
