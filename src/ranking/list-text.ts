import { hash } from 'node:crypto';
import type { ListedArticle, ListItem, Snapshot } from './list.ts';
import type { SparklineOf } from './sparklines.ts';

/**
 * Lists as text. A tick writes thousands of items, of which few changed. So what is said of an article is written and
 * hashed once for all lists that show it, and an item that stays as it is once for all ticks.
 */
interface WrittenArticle {
  readonly json: string;
  readonly hash: string;
}

interface WrittenItem {
  /** Without its article, not closed. */
  readonly numbers: string;
  readonly hash: string;
  /** The whole of it, as it was last drawn: with this sparkline. */
  json: string | undefined;
  sparkline: string | undefined;
}

const COMMA = 0x2c;

const articles = new WeakMap<ListedArticle, WrittenArticle>();
const items = new WeakMap<ListItem, WrittenItem>();

function writtenArticle(article: ListedArticle): WrittenArticle {
  const found = articles.get(article);
  if (found !== undefined) return found;
  const json = asciiJson(article);
  const written = { json, hash: hashOf(json) };
  articles.set(article, written);
  return written;
}

function writtenItem(item: ListItem): WrittenItem {
  const found = items.get(item);
  if (found !== undefined) return found;
  const numbers = writeNumbers(item);
  const hash = hashOf(`${numbers}${writtenArticle(item.article).hash}`);
  const written = { numbers, hash, json: undefined, sparkline: undefined };
  items.set(item, written);
  return written;
}

function itemJson(item: ListItem, sparkline: string | undefined): string {
  const written = writtenItem(item);
  if (written.json !== undefined && written.sparkline === sparkline) return written.json;
  const drawn = sparkline === undefined ? '' : `,"sparkline":[${sparkline}]`;
  written.json = `${written.numbers},"article":${writtenArticle(item.article).json}${drawn}}`;
  written.sparkline = sparkline;
  return written.json;
}

/**
 * JSON in ASCII alone. A list in which one title has a Japanese letter or a curly quote would be two bytes a character
 * throughout, and turning it into UTF-8 took longer than all else that is done to it: for 306 lists of Japanese titles 22
 * ms against 5 like this, of English ones 10 against 3.
 */
function asciiJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped);
}

/**
 * The snapshot as JSON, in ASCII alone, with sparklines. Put together as bytes, since most items are written already: of
 * one string of all of them a copy would be made first, and then the bytes.
 */
export function listJson(snapshot: Snapshot, sparklineOf: SparklineOf | undefined): Buffer {
  const { items, ...head } = snapshot;
  const parts = items.map((item) => itemJson(item, sparklineOf?.(item.article.id)));
  const start = `${asciiJson(head).slice(0, -1)},"items":[`;
  const json = Buffer.allocUnsafe(parts.reduce((length, part) => length + part.length + 1, start.length + 2));
  let end = json.write(start, 'latin1');
  for (const [index, part] of parts.entries()) {
    if (index > 0) json[end++] = COMMA;
    end += json.write(part, end, 'latin1');
  }
  end += json.write(']}', end, 'latin1');
  return json.subarray(0, end);
}

/** Of all that a reader sees except the times of the build and sparklines, so that a list which did not change keeps it. */
export function versionOf(head: string, items: readonly ListItem[]): string {
  let text = head;
  for (const item of items) text += writtenItem(item).hash;
  return hashOf(text);
}

/** None of an item's own words has a character that JSON would escape. */
function writeNumbers({
  rank,
  previousRank,
  movement,
  peakRank,
  since,
  reads,
  fill,
  dayAgo,
  pinned,
}: ListItem): string {
  const told = `{"rank":${rank},"previousRank":${previousRank},"movement":"${movement}","peakRank":${peakRank}`;
  const day = dayAgo === undefined ? '' : `,"dayAgo":{"rank":${dayAgo.rank},"movement":"${dayAgo.movement}"}`;
  const filled = fill === null ? 'null' : `"${fill}"`;
  return `${told},"since":"${since}","reads":${reads},"fill":${filled}${day}${pinned ? ',"pinned":true' : ''}`;
}

function hashOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 16);
}
