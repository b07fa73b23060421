import type { Entry } from '../feeds/entry.ts';
import { cutText } from '../feeds/parse/clean.ts';
import { closeDirections } from '../feeds/parse/directions.ts';
import type { FeedId } from '../ids.ts';
import { canonicalUrl, isFrontPage, linkUrl } from './canonical-url.ts';
import { type AliasKey, contentKey, entryKey, guidKey, hashOf, pathKey, urlKey } from './keys.ts';
import { plainText, plainTitle } from './same-title.ts';

/** What storing needs to know of the feed that carried the entries. */
export interface CarryingFeed {
  readonly id: FeedId;
  /** Registrable domain. */
  readonly host: string;
}

/** An entry made ready to be stored: cut to size, dated, hashed, and with the keys by which it is known again. */
export interface Draft {
  /** As stored beside the source, cut; its key is of the whole. */
  readonly guid: string;
  readonly guidKey: AliasKey;
  /** False where the guid is made of what else the entry says. */
  readonly hasGuid: boolean;
  /** Null where there is no URL, or where it is a site's front page. */
  readonly urlKey: AliasKey | null;
  /** The fragment of the link, which keys leave out: it tells the entries of a page of many from each other. */
  readonly fragment: string;
  /** Of guid and link together (guid and title where there is no link). */
  readonly entryKey: AliasKey;
  /** Of link alone (or title), for feeds whose guids say nothing. */
  readonly placeKey: AliasKey;
  /** Weak keys: of title and text, and of the link's path (of the title, where there is none). */
  readonly contentKey: AliasKey;
  readonly pathKey: AliasKey;
  readonly title: string;
  readonly url: string | null;
  readonly summary: string;
  readonly content: string;
  readonly author: string | null;
  readonly image: string | null;
  readonly language: string | null;
  readonly publishedAt: Date;
  readonly publishedFrom: 'feed' | 'updated' | 'first-seen';
  readonly updatedAt: Date;
  /** The newest date that the feed itself gave, in milliseconds: which of two revisions in one document counts. */
  readonly datedAt: number;
  readonly contentHash: string;
}

const MAX_TITLE = 1000;
const MAX_SUMMARY = 65_536;
const MAX_AUTHOR = 255;
const MAX_URL = 2048;
const MAX_GUID = 1024;
const MAX_LANGUAGE = 35;
/** HTML cannot be cut anywhere: what is longer is left out, and readers get the summary and the link. */
const MAX_CONTENT = 1_048_576;
/** So much of a text tells it from others. */
const MAX_COMPARED = 4096;
/** A title made of a summary: about a headline's length, in Latin letters and in CJK. */
const MADE_TITLE = 80;

/** Before it nobody published on the web: such a date was misread. */
const EARLIEST = Date.UTC(1900, 0, 1);

/** Makes an entry ready to be stored, or undefined where it has neither title, text nor link: nothing to list. */
export function draftArticle(entry: Entry, feed: CarryingFeed, now: Date): Draft | undefined {
  const summary = closeDirections(cutText(clean(entry.summary).trim(), MAX_SUMMARY));
  const given = cutText(oneLine(entry.title), MAX_TITLE);
  const title = closeDirections(visibleOf(given) || visibleOf(madeTitle(summary)) || linkTitle(entry, feed));
  if (title === '') return undefined;
  const identity = identityOf(entry, feed, title);
  const words = {
    title,
    url: identity.url,
    summary,
    content: entry.content.length > MAX_CONTENT ? '' : clean(entry.content),
    author: entry.author === null ? null : closeDirections(cutText(oneLine(entry.author), MAX_AUTHOR)) || null,
    image: entry.image === null ? null : shortEnough(httpOnly(entry.image)),
  };
  return {
    ...identity,
    ...words,
    ...datesOf(entry, now),
    contentKey: contentKey(feed.id, [plainTitle(title) || title, plainText(summary.slice(0, MAX_COMPARED))]),
    language: entry.language === null ? null : cutText(oneLine(entry.language), MAX_LANGUAGE) || null,
    contentHash: hashOfWords(words),
  };
}

type Words = Pick<Draft, 'title' | 'url' | 'summary' | 'content' | 'author' | 'image'>;

/** What `content_hash` is of: an article that says the same is not written. */
export function hashOfWords({ title, url, summary, content, author, image }: Words): string {
  return hashOf(JSON.stringify([title, url, summary, content, author, image]));
}

function identityOf(entry: Entry, feed: CarryingFeed, title: string) {
  const link = entry.url === null ? null : linkUrl(entry.url, feed.host);
  const canonical = link === null ? null : canonicalUrl(link, feed.host);
  const fragment = link === null ? '' : new URL(link).hash;
  const place = canonical === null ? null : canonical + fragment;
  const path = canonical === null ? '/' : new URL(canonical).pathname;
  const guid = entry.guid?.trim() || substituteGuid(entry, title, place);
  return {
    guid: cutText(clean(guid), MAX_GUID),
    url: shortEnough(link),
    guidKey: guidKey(feed.id, guid),
    hasGuid: Boolean(entry.guid?.trim()),
    urlKey: canonical === null || isFrontPage(canonical) ? null : urlKey(canonical),
    pathKey: pathKey(feed.id, path === '/' ? JSON.stringify([plainTitle(title)]) : path),
    fragment,
    entryKey: entryKey(feed.id, guid, place ?? title),
    placeKey: entryKey(feed.id, '', place ?? title),
  };
}

/**
 * With a link, link and title: feeds without guids whose entries all link to one page are common, and a changed title is
 * known again by the URL. Without one, title and day: the day as the feed gives it, since that of the first sight
 * would be another tomorrow.
 */
function substituteGuid(entry: Entry, title: string, place: string | null): string {
  if (place !== null) return JSON.stringify([place, title]);
  const day = validTime(entry.publishedAt) === null ? null : entry.publishedAt?.toISOString().slice(0, 10);
  return JSON.stringify([title, day]);
}

function datesOf(entry: Entry, now: Date) {
  const published = validTime(entry.publishedAt);
  const updated = validTime(entry.updatedAt);
  const publishedFrom = published !== null ? 'feed' : updated !== null ? 'updated' : 'first-seen';
  // The future is clamped here, once, so that no list is pinned by it; the stored date never changes again.
  const publishedAt = Math.min(published ?? updated ?? now.getTime(), now.getTime());
  return {
    publishedAt: new Date(publishedAt),
    publishedFrom: publishedFrom as Draft['publishedFrom'],
    updatedAt: new Date(Math.max(publishedAt, Math.min(updated ?? publishedAt, now.getTime()))),
    datedAt: Math.max(published ?? Number.NEGATIVE_INFINITY, updated ?? Number.NEGATIVE_INFINITY),
  };
}

function validTime(date: Date | null): number | null {
  const time = date?.getTime() ?? Number.NaN;
  return time >= EARLIEST ? time : null;
}

/** PostgreSQL refuses NUL and half surrogates, and one of them would cost the whole poll: they are taken out again here. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out of the text here
  const printable = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
  return printable.replace(/\p{Surrogate}/gu, '\ufffd');
}

function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

/** Empty where readers would see none of it: Unicode has letters without a shape, and spaces that are none to `\s`. */
function visibleOf(text: string): string {
  return /[^\s\p{Default_Ignorable_Code_Point}\u2800]/u.test(text) ? text : '';
}

function madeTitle(summary: string): string {
  const line = oneLine(summary);
  if (line.length <= MADE_TITLE) return line;
  const start = cutText(line, MADE_TITLE);
  const space = start.lastIndexOf(' ');
  // Japanese has no spaces to cut at.
  return `${space > MADE_TITLE / 2 ? start.slice(0, space) : start}…`;
}

/** Feeds of bare links exist; readers show the link in place of a title. */
function linkTitle(entry: Entry, feed: CarryingFeed): string {
  const link = entry.url === null ? null : linkUrl(entry.url, feed.host);
  return link === null ? '' : cutText(link.replace(/^https?:\/\//, ''), MAX_TITLE);
}

function httpOnly(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}

/** Half a URL leads nowhere: one that is too long to store is left out. */
function shortEnough(url: string | null): string | null {
  return url !== null && url.length <= MAX_URL ? url : null;
}
