import type { Sql } from '../../engines/sql.ts';
import type { FeedId } from '../../ids.ts';
import { learnSuffixes, RECENT_TITLES } from './publishers.ts';

interface Titled {
  readonly title: string;
  readonly feeds: readonly FeedId[];
}

/** Takes these titles into what is known of their feeds; answers the endings that the last titles of each have in common. */
export async function learnFromTitles(sql: Sql, articles: readonly Titled[]): Promise<Map<FeedId, string[]>> {
  const feeds = [...new Set(articles.flatMap((article) => article.feeds))].sort((a, b) => a - b);
  if (feeds.length === 0) return new Map();
  const { rows } = await sql.query<{ feed_id: FeedId; titles: string[] }>(
    'select feed_id, titles from feed_titles where feed_id = any ($1::bigint[])',
    [feeds],
  );
  const known = new Map(rows.map(({ feed_id, titles }) => [feed_id, titles]));
  const recent = feeds.map((feed) => ({ feed, titles: [...(known.get(feed) ?? [])] }));
  const byFeed = new Map(recent.map(({ feed, titles }) => [feed, titles]));
  for (const { title, feeds: carriers } of articles) for (const feed of carriers) byFeed.get(feed)?.push(title);
  for (const { titles } of recent) titles.splice(0, Math.max(0, titles.length - RECENT_TITLES));
  await sql.query(
    `insert into feed_titles (feed_id, titles)
     select given.feed, given.titles
     from json_to_recordset($1::json) as given (feed bigint, titles text[])
     join feeds on feeds.id = given.feed
     order by given.feed
     on conflict (feed_id) do update set titles = excluded.titles`,
    [JSON.stringify(recent)],
  );
  return new Map(recent.map(({ feed, titles }) => [feed, learnSuffixes(titles)]));
}
