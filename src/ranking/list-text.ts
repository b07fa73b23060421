import { hash } from 'node:crypto';
import type { ListedArticle, ListItem } from './list.ts';
import type { SparklineOf } from './sparklines.ts';

/**
 * Lists as text. A tick writes thousands of items, of which few changed. So what is said of an article is written and
 * hashed once for all lists that show it, and an item that stays as it is once for all ticks.
 */
interface Written {
  readonly json: string;
  readonly hash: string;
}

const articles = new WeakMap<ListedArticle, Written>();
/** Not closed: sparklines come behind. */
const items = new WeakMap<ListItem, Written>();

function writtenArticle(article: ListedArticle): Written {
  const found = articles.get(article);
  if (found !== undefined) return found;
  const json = asciiJson(article);
  const written = { json, hash: hashOf(json) };
  articles.set(article, written);
  return written;
}

function writtenItem(item: ListItem): Written {
  const found = items.get(item);
  if (found !== undefined) return found;
  const [numbers, article] = [writeNumbers(item), writtenArticle(item.article)];
  const written = { json: `${numbers},"article":${article.json}`, hash: hashOf(`${numbers}${article.hash}`) };
  items.set(item, written);
  return written;
}

/**
 * JSON in ASCII alone. A list in which one title has a Japanese letter or a curly quote would be two bytes a character
 * throughout, and turning it into UTF-8 took longer than all else that is done to it: for 306 lists of Japanese titles 22
 * ms against 5 like this, of English ones 10 against 3.
 */
export function asciiJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, escaped);
}

/** The items as the inside of a JSON array, in ASCII alone, with their sparklines. */
export function itemsText(items: readonly ListItem[], sparklineOf: SparklineOf | undefined): string {
  let text = '';
  for (const item of items) {
    const sparkline = sparklineOf?.(item.article.id);
    const drawn = sparkline === undefined ? '' : `,"sparkline":[${sparkline}]`;
    text += `${text === '' ? '' : ','}${writtenItem(item).json}${drawn}}`;
  }
  return text;
}

/** Of all that a reader sees except the times of the build and sparklines, so that a list which did not change keeps it. */
export function versionOf(head: string, items: readonly ListItem[]): string {
  let text = head;
  for (const item of items) text += writtenItem(item).hash;
  return hashOf(text);
}

/** The item without its article, not closed. None of its own words has a character that JSON would escape. */
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
