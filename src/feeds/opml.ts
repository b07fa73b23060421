import { createRequire } from 'node:module';
import type * as Feedsmith from 'feedsmith';
import { CodedError } from '../errors.ts';
import { cleanText } from './categories.ts';
import { type Attributes, type ForeignNames, foreignAttributes, foreignNames } from './opml-attributes.ts';
import { categoriesIn, type KeptOutline, type OpmlFeed, type Place } from './opml-feed.ts';
import type { OtherOutline } from './other-outlines.ts';

type Outline = Feedsmith.Opml.Outline<string>;

const require = createRequire(import.meta.url);

/** Loaded when first needed, and as CommonJS: through tsx its ES modules cost three times the CPU (0.4 s). */
export const feedsmith = () => require('feedsmith') as typeof Feedsmith;

/** Longer ones are no text for a list. */
const MAX_TEXT = 1000;
const MAX_DESCRIPTION = 4096;
const MAX_LANGUAGE = 35;

/** What an OPML file holds. */
export interface OpmlContents {
  /** One for each URL, in the file's order. */
  readonly feeds: OpmlFeed[];
  readonly others: OtherOutline[];
  /** Outlines without a feed beyond those that are kept. */
  readonly outlinesLeftOut: number;
}

/**
 * The feeds of an OPML 1 or 2 file: a feed in two folders is in two categories, a feed in `World > Asia` is in both; and
 * what else stands there. Throws CodedError `opml-unreadable`.
 */
export function readOpml(text: string): OpmlContents {
  const { feeds, ...rest } = foundIn(text.replace(/^\uFEFF/, ''));
  return { feeds: eachOnce(feeds), ...rest };
}

function eachOnce(found: readonly FoundFeed[]): OpmlFeed[] {
  const feeds = new Map<string, { feed: OpmlFeed; places: Place[] }>();
  for (const { feed, ...place } of found) {
    const before = feeds.get(feed.url);
    if (before === undefined) feeds.set(feed.url, { feed, places: [place] });
    else feeds.set(feed.url, { feed: merge(before.feed, feed), places: [...before.places, place] });
  }
  return [...feeds.values()].map(({ feed, places }) => ({
    ...feed,
    categories: unique([...places.flatMap(({ folders }) => folders), ...categoriesIn(feed.outline.category ?? '')]),
    outline: { ...feed.outline, places },
  }));
}

function foundIn(text: string): Found {
  try {
    const foreign = foreignNames(text);
    return walk(parseOutlines(text, foreign), foreign);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('opml-unreadable', 'The OPML file is not well-formed XML.', { cause });
  }
}

function parseOutlines(text: string, { names }: ForeignNames): readonly Outline[] {
  if (text.trim() === '') throw new CodedError('opml-unreadable', 'The OPML file is empty.');
  if (!/<opml[\s>/]/i.test(text)) {
    throw new CodedError('opml-unreadable', `This is no OPML: it has no <opml> element.${hintFor(text)}`);
  }
  // The parser below takes what it gets; without this, a file that was cut off would lose its last feeds in silence.
  if (!/<\/opml\s*>|<opml[^>]*\/>/i.test(text)) {
    throw new CodedError('opml-unreadable', 'The OPML file is cut off: its </opml> is missing.');
  }
  if (!/<outline[\s>/]/i.test(text)) return [];
  const document = feedsmith().parseOpml(text, { extraOutlineAttributes: names });
  return (document as Feedsmith.Opml.Document<string>).body?.outlines ?? [];
}

function hintFor(text: string): string {
  if (/<(rss|feed|rdf:RDF)[\s>]/i.test(text)) return ' It looks like a feed itself: add it by its URL.';
  return /<html[\s>]/i.test(text) ? ' It looks like a web page.' : '';
}

interface FoundFeed extends Place {
  readonly feed: OpmlFeed;
}

interface Found {
  readonly feeds: FoundFeed[];
  readonly others: OtherOutline[];
  outlinesLeftOut: number;
}

/** Every outline that is a feed, or is none and holds none, in the document's order, with the folders it lies in. */
function walk(outlines: readonly Outline[], foreign: ForeignNames): Found {
  const found: Found = { feeds: [], others: [], outlinesLeftOut: 0 };
  // A stack of our own: a file may nest deeper than functions can.
  const open: { outline: Outline; around: readonly OpenFolder[] }[] = [];
  const enter = (inside: readonly Outline[], around: readonly OpenFolder[]) => {
    for (const outline of inside.toReversed()) open.push({ outline, around });
  };
  enter(outlines, []);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { outline, around } = next;
    const feed = feedOf(outline, foreign);
    const place = { ...placeIn(around), position: found.feeds.length + found.others.length };
    const inner = outline.outlines ?? [];
    if (feed !== undefined) found.feeds.push({ feed, ...place });
    else if (inner.length === 0) addOther(found, otherOf(outline, foreign), place);
    const name = textOf(outline.title, MAX_TEXT) || textOf(outline.text, MAX_TEXT);
    const isFolder = feed === undefined && name !== '';
    enter(inner, isFolder ? [...around, folderOf(outline, name, foreign)] : around);
  }
  return found;
}

/** More than any list of feeds has; a file of bookmarks may. Each is a row that every export reads. */
export const MAX_OTHERS = 10_000;

function addOther(found: Found, outline: Attributes, place: Place): void {
  if (Object.keys(outline).length === 0) return;
  if (found.others.length < MAX_OTHERS) found.others.push({ outline, ...place });
  else found.outlinesLeftOut++;
}

const OTHER_NAMES = ['text', 'title', 'url', 'htmlUrl', 'description', 'language', 'category'] as const;

function otherOf(outline: Outline, foreign: ForeignNames): Attributes {
  const own = OTHER_NAMES.map((name) => [name, textOf(outline[name], MAX_DESCRIPTION)] as const);
  const given = own.filter(([, value]) => value !== '');
  return { ...Object.fromEntries(given), ...foreignAttributes(outline, foreign) };
}

interface OpenFolder {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A folder's text stays beside its title where they differ. */
function folderOf(outline: Outline, name: string, foreign: ForeignNames): OpenFolder {
  const text = textOf(outline.text, MAX_TEXT);
  const attributes = foreignAttributes(outline, foreign);
  return { name, attributes: { ...attributes, ...(text !== '' && text !== name && { text }) } };
}

function placeIn(around: readonly OpenFolder[]): Omit<Place, 'position'> {
  const attributes = around.map((folder) => folder.attributes);
  const isPlain = attributes.every((each) => Object.keys(each).length === 0);
  return { folders: around.map(({ name }) => name), ...(!isPlain && { attributes }) };
}

function feedOf(outline: Outline, foreign: ForeignNames): OpmlFeed | undefined {
  const isFeed = /^(rss|atom|rdf|feed)$/i.test(outline.type ?? '');
  const url = outline.xmlUrl?.trim() || (isFeed ? outline.url?.trim() : undefined);
  if (!url) return undefined;
  const text = textOf(outline.text, MAX_TEXT);
  // What we write for a feed that has no title is its URL, since an outline must say something.
  const title = textOf(outline.title, MAX_TEXT) || (text === url ? '' : text);
  const description = textOf(outline.description, MAX_DESCRIPTION);
  const category = textOf(outline.category, MAX_DESCRIPTION);
  const attributes = foreignAttributes(outline, foreign);
  const kept: KeptOutline = {
    ...(attributes !== undefined && { attributes }),
    ...(text !== '' && text !== title && title !== '' && { text }),
    ...(description !== '' && { description }),
    ...(category !== '' && { category }),
  };
  const language = textOf(outline.language, MAX_LANGUAGE) || null;
  return { url, title, siteUrl: outline.htmlUrl?.trim() || null, language, categories: [], outline: kept };
}

function textOf(value: string | undefined, length: number): string {
  return cleanText(value ?? '', length);
}

function merge(first: OpmlFeed, second: OpmlFeed): OpmlFeed {
  return {
    ...first,
    title: first.title || second.title,
    siteUrl: first.siteUrl ?? second.siteUrl,
    language: first.language ?? second.language,
    outline: { ...second.outline, ...first.outline },
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
