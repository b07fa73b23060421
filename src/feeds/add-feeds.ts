import { SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { messageOf } from '../errors.ts';
import { categorySlug, type FeedId, feedId } from '../ids.ts';
import { cleanText, createCategories } from './categories.ts';
import type { KeptOutline } from './opml-feed.ts';
import { type FeedUrl, readFeedUrl } from './url.ts';

/** A feed to add. The title counts until the feed's own is known; categories are names, not slugs. */
export interface NewFeed {
  readonly url: string;
  readonly title?: string;
  readonly siteUrl?: string | null;
  readonly language?: string | null;
  readonly categories?: readonly string[];
  readonly outline?: KeptOutline;
  readonly keepDays?: number;
}

export interface Candidate extends FeedUrl {
  readonly title: string;
  readonly siteUrl: string | null;
  readonly language: string | null;
  readonly categories: readonly string[];
  readonly outline: KeptOutline;
  readonly keepDays: number | null;
}

/** First polls that are due at once, and how many follow each second. */
const AT_ONCE = 50;
const PER_SECOND = 100;
const MAX_TITLE = 1000;
const MAX_LANGUAGE = 35;

/** The feeds by their normalised URL, doubles merged, and those whose URL cannot be used with the reason. */
export function sortCandidates(feeds: readonly NewFeed[]): {
  candidates: Candidate[];
  rejected: { url: string; message: string }[];
} {
  const candidates = new Map<string, Candidate>();
  const rejected: { url: string; message: string }[] = [];
  for (const feed of feeds) {
    try {
      const found = toCandidate(feed);
      const before = candidates.get(found.url);
      candidates.set(found.url, before === undefined ? found : merge(before, found));
    } catch (error) {
      rejected.push({ url: feed.url, message: messageOf(error) });
    }
  }
  return { candidates: [...candidates.values()], rejected };
}

function merge(before: Candidate, found: Candidate): Candidate {
  const places = [...(before.outline.places ?? []), ...(found.outline.places ?? [])];
  return {
    ...before,
    categories: [...new Set([...before.categories, ...found.categories])],
    outline: { ...found.outline, ...before.outline, ...(places.length > 0 && { places }) },
  };
}

function toCandidate(feed: NewFeed): Candidate {
  const { url, title = '', siteUrl = null, language = null, categories = [], outline = {}, keepDays = null } = feed;
  const isWebAddress = siteUrl !== null && /^https?:/i.test(siteUrl) && URL.canParse(siteUrl);
  return {
    ...readFeedUrl(url),
    title: cleanText(title, MAX_TITLE),
    siteUrl: isWebAddress ? new URL(siteUrl).href : null,
    language: language === null ? null : cleanText(language, MAX_LANGUAGE) || null,
    categories: categories.filter((name) => cleanText(name, 1) !== ''),
    outline,
    keepDays,
  };
}

/** Writes a batch; the ids of those that are new, and of all. `offset` is how many came before in the same call. */
export async function insertFeeds(
  sql: Sql,
  feeds: readonly Candidate[],
  offset: number,
  now: Date,
): Promise<{ added: FeedId[]; existing: FeedId[] }> {
  await createCategories(
    sql,
    feeds.flatMap((feed) => feed.categories),
  );
  const urls = feeds.map((feed) => feed.url);
  const inserted = await sql.query<{ id: number }>(
    `insert into feeds (url, host, title, site_url, language, outline, keep_days, created_at, next_poll_at)
     select new.url, new.host, new.title, new.site_url, new.language, new.outline::jsonb, new.keep_days, $8, new.next_poll_at
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $9::integer[])
       as new (url, host, title, site_url, language, outline, next_poll_at, keep_days)
     where not exists (select 1 from feed_aliases where feed_aliases.url = new.url)
     on conflict (url) do nothing
     returning id`,
    [
      urls,
      feeds.map((feed) => feed.host),
      feeds.map((feed) => feed.title),
      feeds.map((feed) => feed.siteUrl),
      feeds.map((feed) => feed.language),
      feeds.map((feed) => JSON.stringify(feed.outline)),
      feeds.map((_, index) => firstPollAt(offset + index, now)),
      now,
      feeds.map((feed) => feed.keepDays),
    ],
  );
  const { rows } = await sql.query<{ id: number; url: string }>(
    `select id, url from feeds where url = any($1::text[])
     union all select feed_id, url from feed_aliases where url = any($1::text[])`,
    [urls],
  );
  await addToCategories(sql, feeds, new Map(rows.map(({ url, id }) => [url, id])));
  const added = new Set(inserted.rows.map((row) => row.id));
  const all = [...new Set(rows.map((row) => row.id))];
  return { added: [...added].map(feedId), existing: all.filter((id) => !added.has(id)).map(feedId) };
}

/** Some start at once, so that a small list is there within seconds; a hundred thousand are no stampede. */
function firstPollAt(place: number, now: Date): Date {
  return new Date(now.getTime() + (Math.max(0, place - AT_ONCE) / PER_SECOND) * SECOND);
}

async function addToCategories(sql: Sql, feeds: readonly Candidate[], ids: ReadonlyMap<string, number>): Promise<void> {
  const pairs = feeds.flatMap((feed) =>
    feed.categories.map((name) => ({ id: ids.get(feed.url), slug: categorySlug(name) })),
  );
  if (pairs.length === 0) return;
  await sql.query(
    `insert into feed_categories (feed_id, category)
     select new.feed_id, new.category from unnest($1::bigint[], $2::text[]) as new (feed_id, category)
     where new.feed_id is not null
     on conflict do nothing`,
    [pairs.map((pair) => pair.id ?? null), pairs.map((pair) => pair.slug)],
  );
}
