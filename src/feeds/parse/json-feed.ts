import type { Enclosure } from '../entry.ts';
import { cutText } from './clean.ts';
import { parseDate } from './dates.ts';
import type { Draft, FeedDraft, Value } from './draft.ts';
import { NO_HINTS } from './hints.ts';
import {
  MAX_AUTHOR,
  MAX_ENCLOSURES,
  MAX_ENTRIES,
  MAX_JSON_VALUES,
  MAX_KEYWORD,
  MAX_KEYWORDS,
  MAX_MARKUP,
} from './limits.ts';
import { resolveLink, safeLink } from './links.ts';
import { lineOf } from './values.ts';

type Json = Readonly<Record<string, unknown>>;

/** Reads JSON Feed 1.0 and 1.1 leniently: a field of the wrong type is left out; undefined where it is no feed at all. */
export function readJsonFeed(text: string, url: string, zone: string | null): FeedDraft | undefined {
  const feed = parse(text);
  if (feed === undefined || !Array.isArray(feed['items'])) return undefined;
  if (!/jsonfeed\.org\/version/.test(String(feed['version'])) && typeof feed['title'] !== 'string') return undefined;
  const items = feed['items'].filter(isRecord);
  return {
    source: url,
    format: 'json',
    title: plain(feed['title']),
    link: link(feed['home_page_url'], url),
    description: plain(feed['description']),
    authors: authorsOf(feed),
    language: string(feed['language']) ?? null,
    hubUrl: hubOf(feed),
    selfUrl: safeLink(link(feed['feed_url'], url)),
    hints: NO_HINTS,
    entries: newest(items).map((item) => draftOf(item, feed, url, zone)),
  };
}

function parse(text: string): Json | undefined {
  if (hasTooManyValues(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there are more values than one feed may cost. Counts what separates them, also in strings, where it is rare. */
export function hasTooManyValues(text: string): boolean {
  let values = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code === COMMA || code === BRACKET || code === BRACE) && ++values > MAX_JSON_VALUES) return true;
  }
  return false;
}

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

function draftOf(item: Json, feed: Json, url: string, zone: string | null): Draft {
  const html = string(item['content_html']);
  const own = authorsOf(item);
  const enclosures = attachmentsOf(item, url);
  return {
    id: string(item['id']) ?? null,
    link: link(item['url'], url) ?? link(item['external_url'], url) ?? permalink(item['id']),
    title: plain(item['title']),
    summary: plain(item['summary']),
    content:
      html === undefined ? plain(item['content_text']) : { text: cutText(html, MAX_MARKUP), isHtml: true, base: url },
    authors: own.length > 0 ? own : authorsOf(feed),
    categories: tagsOf(item),
    enclosures,
    image: link(item['image'], url) ?? link(item['banner_image'], url),
    published: date(item['date_published'], zone),
    updated: date(item['date_modified'], zone),
    language: string(item['language']) ?? null,
  };
}

/** The newest in the feed's order, where there are more than are kept. */
function newest(items: readonly Json[]): readonly Json[] {
  if (items.length <= MAX_ENTRIES) return items;
  const times = items.map((item) => date(item['date_published'], null)?.getTime() ?? Number.NEGATIVE_INFINITY);
  const kept = items.map((_, index) => index).sort((a, b) => (times[b] ?? 0) - (times[a] ?? 0) || a - b);
  const indexes = new Set(kept.slice(0, MAX_ENTRIES));
  return items.filter((_, index) => indexes.has(index));
}

/** Version 1.0 has `author`, 1.1 `authors`. */
function authorsOf(holder: Json): string[] {
  const people = list(holder['authors']);
  if (people.length === 0) people.push(holder['author']);
  const names = people.map((person) =>
    isRecord(person) ? (string(person['name']) ?? string(person['url'])) : string(person),
  );
  return [...new Set(names.map((name) => lineOf(name, MAX_AUTHOR)).filter((name) => name !== undefined))].slice(0, 32);
}

function tagsOf(item: Json): string[] {
  const tags = list(item['tags']).slice(0, MAX_KEYWORDS * 4);
  const words = tags.map((tag) => lineOf(string(tag), MAX_KEYWORD)).filter((tag) => tag !== undefined);
  return [...new Set(words)].slice(0, MAX_KEYWORDS);
}

function attachmentsOf(item: Json, base: string): Enclosure[] {
  const found: Enclosure[] = [];
  for (const attachment of list(item['attachments']).slice(0, MAX_ENCLOSURES)) {
    if (!isRecord(attachment)) continue;
    const url = link(attachment['url'], base);
    const size = attachment['size_in_bytes'];
    if (url === null) continue;
    const length = typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null;
    found.push({ url, type: string(attachment['mime_type']) ?? null, length });
  }
  return found;
}

function hubOf(feed: Json): string | null {
  for (const hub of list(feed['hubs'])) {
    if (isRecord(hub) && /websub|pubsubhubbub/i.test(String(hub['type']))) return safeLink(string(hub['url']));
  }
  return null;
}

function permalink(id: unknown): string | null {
  return typeof id === 'string' && /^https?:\/\//i.test(id.trim()) ? id.trim() : null;
}

function plain(value: unknown): Value | null {
  const text = string(value);
  return text === undefined ? null : { text: cutText(text, MAX_MARKUP), isHtml: false, base: '' };
}

function link(value: unknown, base: string): string | null {
  const text = string(value);
  return text === undefined ? null : resolveLink(text, base);
}

function date(value: unknown, zone: string | null): Date | null {
  return typeof value === 'string' ? parseDate(value, zone) : null;
}

/** Strings it should be, but numbers are met, most of all as ids. */
function string(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [];
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
