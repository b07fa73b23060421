import type { Sql } from '../../engines/sql.ts';
import type { FeedId } from '../../ids.ts';
import { learnSuffixes } from './publishers.ts';

interface Titled {
  readonly title: string;
  readonly feeds: readonly FeedId[];
}

/** Titles of a feed, the newest last. */
export interface FeedTitles {
  readonly feed: FeedId;
  readonly titles: readonly string[];
}

/** The titles of these articles by the feeds that carried them, in order of feeds. */
export function titlesByFeed(articles: readonly Titled[]): FeedTitles[] {
  const feeds = [...new Set(articles.flatMap((article) => article.feeds))].sort((a, b) => a - b);
  const byFeed = new Map<FeedId, string[]>(feeds.map((feed) => [feed, []]));
  for (const { title, feeds: carriers } of articles) for (const feed of carriers) byFeed.get(feed)?.push(title);
  return [...byFeed].map(([feed, titles]) => ({ feed, titles }));
}

/** The titles of each feed that were known so far, and then these. */
export function addTitles(
  known: Readonly<Record<string, readonly string[]>>,
  added: readonly FeedTitles[],
): FeedTitles[] {
  return added.map(({ feed, titles }) => ({ feed, titles: [...(known[feed] ?? []), ...titles] }));
}

/** The endings that the last titles of each feed have in common. */
export function suffixesOf(feeds: readonly FeedTitles[]): Map<FeedId, string[]> {
  return new Map(feeds.map(({ feed, titles }) => [feed, learnSuffixes(titles)]));
}

/** The endings that the last titles of each of these feeds have in common, as far as they are known. */
export async function readSuffixes(sql: Sql, feeds: readonly FeedId[]): Promise<Map<FeedId, string[]>> {
  if (feeds.length === 0) return new Map();
  const { rows } = await sql.query<FeedTitles>(
    'select feed_id as feed, titles from feed_titles where feed_id = any ($1::bigint[])',
    [[...new Set(feeds)]],
  );
  return suffixesOf(rows);
}
