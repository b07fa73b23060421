import { hash } from 'node:crypto';
import type { ListedArticle, ListItem } from './list.ts';
import type { SparklineOf } from './sparklines.ts';

/**
 * Lists as text. A tick writes thousands of items, of which a few numbers changed: what is said of an article is written
 * and hashed once for all lists that show it, for as long as the builder knows it.
 */
interface ArticleText {
  readonly json: string;
  readonly hash: string;
}

const known = new WeakMap<ListedArticle, ArticleText>();
const numbers = new WeakMap<ListItem, string>();

function textOf(article: ListedArticle): ArticleText {
  const found = known.get(article);
  if (found !== undefined) return found;
  const json = JSON.stringify(article);
  const text = { json, hash: hashOf(json) };
  known.set(article, text);
  return text;
}

/** The items as the JSON of an array's inside, exactly as JSON.stringify writes them, with their sparklines. */
export function itemsText(items: readonly ListItem[], sparklineOf: SparklineOf | undefined): string {
  return items
    .map((item) => {
      const sparkline = sparklineOf?.(item.article.id);
      const drawn = sparkline === undefined ? '' : `,"sparkline":[${sparkline}]`;
      return `${numbersOf(item)},"article":${textOf(item.article).json}${drawn}}`;
    })
    .join();
}

/** Of all that a reader sees except the times of the build and sparklines, so that a list which did not change keeps it. */
export function versionOf(head: string, items: readonly ListItem[]): string {
  return hashOf(`${head}[${items.map((item) => `${numbersOf(item)}${textOf(item.article).hash}`).join()}]`);
}

/** The item without its article, not closed. */
function numbersOf(item: ListItem): string {
  const found = numbers.get(item);
  if (found !== undefined) return found;
  const text = writeNumbers(item);
  numbers.set(item, text);
  return text;
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
