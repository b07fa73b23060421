import { crc32 } from 'node:zlib';

/** A feed's row in PostgreSQL. */
export type FeedId = number & { readonly __brand: 'FeedId' };

/**
 * An article for life: 12 characters of base 36. The first seven are the second of first publication, so that ids sort
 * by publication (ties in a list go to the newer article without a look-up); the last five are a sequence.
 */
export type ArticleId = string & { readonly __brand: 'ArticleId' };

/** Articles about the same event. Valid for as long as any of them is kept, also after the story merged with another. */
export type StoryId = number & { readonly __brand: 'StoryId' };

/** A section of the site as it stands in URLs and Redis keys: lower case, words joined by `-`, never `site`. */
export type CategorySlug = string & { readonly __brand: 'CategorySlug' };

const SECONDS_WIDTH = 7;
const SEQUENCE_WIDTH = 5;
const SEQUENCE_SIZE = 36 ** SEQUENCE_WIDTH;

/** Virtual shards of the view counts. Fixed for life: an article's keys lie behind the hash tag `{r<shard>}`. */
export const SHARDS = 16;

export function feedId(value: number): FeedId {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`not a feed id: ${value}`);
  return value as FeedId;
}

/** The id of a new article; `sequence` comes from the database, so that two writers never make the same one. */
export function newArticleId(publishedAt: Date, sequence: number): ArticleId {
  const head = headOf(Math.floor(publishedAt.getTime() / 1000));
  const tail = (sequence % SEQUENCE_SIZE).toString(36).padStart(SEQUENCE_WIDTH, '0');
  return (head + tail) as ArticleId;
}

/** The lowest id that an article published at this time or later can have, to the second above. */
export function earliestIdAt(time: Date): ArticleId {
  return (headOf(Math.ceil(time.getTime() / 1000)) + '0'.repeat(SEQUENCE_WIDTH)) as ArticleId;
}

function headOf(seconds: number): string {
  const held = Math.min(Math.max(0, seconds), 36 ** SECONDS_WIDTH - 1);
  return held.toString(36).padStart(SECONDS_WIDTH, '0');
}

/** The id in `text`, or undefined where it is none. */
export function parseArticleId(text: string): ArticleId | undefined {
  return /^[0-9a-z]{12}$/.test(text) ? (text as ArticleId) : undefined;
}

/** The id in `text`, or undefined where it is none. */
export function parseStoryId(text: string): StoryId | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? (Number(text) as StoryId) : undefined;
}

/** When the article was first published, to the second, as its id tells. */
export function publishedAtOf(article: ArticleId): Date {
  return new Date(Number.parseInt(article.slice(0, SECONDS_WIDTH), 36) * 1000);
}

export function shardOf(article: ArticleId): number {
  return crc32(article) % SHARDS;
}

/** The slug of a category's name: `Arts & Life` is `arts-life`, `政治` stays `政治`. */
export function categorySlug(name: string): CategorySlug {
  const slug = name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return (slug === '' || slug === 'site' ? `${slug || 'category'}-1` : slug) as CategorySlug;
}
