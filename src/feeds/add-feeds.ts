import { SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { messageOf } from '../errors.ts';
import { type CategorySlug, categorySlug, type FeedId, feedId } from '../ids.ts';
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

/** A feed that was there already, and those of its categories that it is to get. */
export interface WiderFeed {
  readonly id: FeedId;
  readonly categories: readonly CategorySlug[];
  /** Whether somebody chose those that it has. */
  readonly hasOwnCategories: boolean;
}

/** What became of a batch of candidates. */
export interface InsertedFeeds {
  readonly added: FeedId[];
  readonly existing: FeedId[];
  readonly wider: WiderFeed[];
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

/**
 * Writes those of a batch that are new, with their categories; nothing of those that are there already, but for the
 * categories themselves, which stay also where the rest fails: nobody is to wait for those. `offset` is how many came
 * before in the same call.
 */
export async function insertFeeds(
  sql: Sql,
  feeds: readonly Candidate[],
  offset: number,
  now: Date,
): Promise<InsertedFeeds> {
  const before = await findKnown(sql, feeds);
  const isSettled = ({ url }: Candidate) => before.get(url)?.categories.length === 0;
  const wanted = feeds.filter((feed) => !isSettled(feed)).flatMap((feed) => feed.categories);
  await createCategories(sql, wanted);
  const unknown = feeds.filter(({ url }) => !before.has(url));
  const added = await sql.transaction(async (tx) => {
    const inserted = await insertUnknown(tx, unknown, offset, now);
    await giveCategories(tx, inserted);
    return inserted;
  });
  // Another process was first with some of them.
  const raced = added.length < unknown.length ? await findKnown(sql, unknown) : new Map<string, WiderFeed>();
  const ids = new Set(added.map(({ id }) => id));
  const known = [...before.values(), ...raced.values()].filter(({ id }) => !ids.has(id));
  return {
    added: [...ids],
    existing: [...new Set(known.map(({ id }) => id))],
    wider: known.filter(({ categories }) => categories.length > 0),
  };
}

/** Those of the candidates that are stored, by URL as given, with the categories that they do not have yet. */
async function findKnown(sql: Sql, feeds: readonly Candidate[]): Promise<Map<string, WiderFeed>> {
  const { rows } = await sql.query<{ id: number; url: string; is_own: boolean; categories: readonly CategorySlug[] }>(
    `select id, wanted.url, has_own_categories as is_own, array(
       select category from feed_categories where feed_id = id
     ) as categories
     from (
       select id, url from feeds where url = any($1::text[])
       union all select feed_id, url from feed_aliases where url = any($1::text[])
     ) as wanted join feeds using (id)`,
    [feeds.map(({ url }) => url)],
  );
  const wanted = new Map(feeds.map(({ url, categories }) => [url, categories]));
  return new Map(
    rows.map(({ id, url, is_own: hasOwnCategories, categories }) => {
      const slugs = (wanted.get(url) ?? []).map((name) => categorySlug(name));
      const lacking = slugs.filter((slug) => !categories.includes(slug));
      return [url, { id: feedId(id), categories: lacking, hasOwnCategories }];
    }),
  );
}

/**
 * Inserts feeds, but for those that somebody else inserts at the same time; with the categories that they are to get. In the
 * order of their URLs, so that two who bring the same ones do not wait for each other; their ids are in the order given.
 */
async function insertUnknown(
  sql: Sql,
  feeds: readonly Candidate[],
  offset: number,
  now: Date,
): Promise<Omit<WiderFeed, 'hasOwnCategories'>[]> {
  if (feeds.length === 0) return [];
  const { rows } = await sql.query<{ id: number; url: string }>(
    `with new as materialized (
       select nextval('feeds_id_seq') as id, given.*
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $9::integer[])
         with ordinality as given (url, host, title, site_url, language, outline, next_poll_at, keep_days, place)
       where not exists (select 1 from feed_aliases where feed_aliases.url = given.url)
       order by place
     ), inserted as (
       insert into feeds (id, url, host, title, site_url, language, outline, keep_days, created_at, next_poll_at)
       overriding system value
       select id, url, host, title, site_url, language, outline::jsonb, keep_days, $8, next_poll_at from new order by url
       on conflict (url) do nothing
       returning id, url
     )
     select id, url from inserted order by id`,
    [
      feeds.map((feed) => feed.url),
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
  const categories = new Map(feeds.map((feed) => [feed.url, feed.categories.map((name) => categorySlug(name))]));
  return rows.map(({ id, url }) => ({ id: feedId(id), categories: categories.get(url) ?? [] }));
}

/** Some start at once, so that a small list is there within seconds; a hundred thousand are no stampede. */
function firstPollAt(place: number, now: Date): Date {
  return new Date(now.getTime() + (Math.max(0, place - AT_ONCE) / PER_SECOND) * SECOND);
}

/** Adds to the categories of stored feeds. The categories themselves must be there. */
export async function giveCategories(sql: Sql, feeds: readonly Omit<WiderFeed, 'hasOwnCategories'>[]): Promise<void> {
  const pairs = feeds.flatMap(({ id, categories }) => categories.map((slug) => ({ id, slug })));
  if (pairs.length === 0) return;
  await sql.query(
    `insert into feed_categories (feed_id, category)
     select id, slug from unnest($1::bigint[], $2::text[]) as new (id, slug) join feeds using (id)
     on conflict do nothing`,
    [pairs.map(({ id }) => id), pairs.map(({ slug }) => slug)],
  );
}
