import { MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type IdPage, idInCursor, idPage } from '../id-page.ts';
import { categorySlug, type FeedId } from '../ids.ts';
import { insertFeeds, type NewFeed, sortCandidates, type WiderFeed } from './add-feeds.ts';
import { createCategories } from './categories.ts';
import type { Feed, FeedState, WholeFeed } from './feed.ts';
import type { OpmlFeed } from './opml-feed.ts';
import {
  FEED_COLUMNS,
  type FeedRow,
  TARGET_COLUMNS,
  TARGETS_JSON,
  type TargetJson,
  toFeed,
  toPollTarget,
} from './rows.ts';

export interface AddedFeeds {
  readonly added: FeedId[];
  /** Those that were there already, under this URL or one that they moved from. */
  readonly existing: FeedId[];
  readonly rejected: { readonly url: string; readonly message: string }[];
}

/** What the owner may change of a feed; null takes a value away. Categories are names and replace those before. */
export interface FeedPatch {
  readonly title?: string;
  readonly state?: 'active' | 'paused';
  readonly categories?: readonly string[];
  readonly userAgent?: string | null;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly basicAuth?: string | null;
  readonly defaultZone?: string | null;
  /** For how many days its articles are kept after it dropped them; null: as long as everywhere. */
  readonly keepDays?: number | null;
}

/** One poll of the past, as `feeds explain` shows it. */
export interface PollRecord {
  readonly startedAt: Date;
  readonly outcome: string;
  readonly status: number | null;
  readonly wireBytes: number;
  readonly durationMs: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly error: string | null;
}

/** Feeds added in one transaction: who brings one of them as well waits no longer than that takes, some 0.1 s. */
const BATCH = 1000;

/** How long a poll that somebody asked for may take, its wait in the queue included. */
const POLL_NOW_LEASE_MS = 2 * MINUTE;

/** What undici or the protocol sets; a feed's own headers may not. */
const OWN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|keep-alive|upgrade|te|trailer|expect|accept-encoding)$/i;

/**
 * Adds feeds; cut off half-way, the same call adds the rest. Those that are there already stay as they are; `wider` says
 * which categories each of them lacks. That they get them together with their articles is the next stage's to see to
 * (articles/import-feeds.ts).
 */
export async function addFeeds(
  sql: Sql,
  feeds: readonly NewFeed[],
  now: Date,
): Promise<AddedFeeds & { readonly wider: readonly WiderFeed[] }> {
  const { candidates, rejected } = sortCandidates(feeds);
  const added: FeedId[] = [];
  const existing = new Set<FeedId>();
  const wider: WiderFeed[] = [];
  for (let start = 0; start < candidates.length; start += BATCH) {
    const batch = await insertFeeds(sql, candidates.slice(start, start + BATCH), start, now);
    added.push(...batch.added);
    for (const id of batch.existing) existing.add(id);
    wider.push(...batch.wider);
  }
  return { added, existing: [...existing], rejected, wider };
}

/** Which feeds a listing shows: all where it says nothing. */
export interface FeedFilter {
  readonly state?: FeedState;
  readonly category?: string;
  /** Those whose last polls failed, or those that are well. */
  readonly isFailing?: boolean;
}

/** A page of feeds by id. `next` is the cursor of the page after; a wrong cursor throws CodedError `cursor-invalid`. */
export async function listFeeds(
  sql: Sql,
  { cursor, limit, state, category, isFailing }: FeedFilter & { cursor?: string; limit: number },
): Promise<IdPage<Feed>> {
  const { rows } = await sql.query<FeedRow>(
    `select ${FEED_COLUMNS} from feeds
     where id > $1 and ($3::text is null or state = $3) and ($5::boolean is null or (failures > 0) = $5)
       and ($4::text is null or exists (select from feed_categories where feed_id = feeds.id and category = $4))
     order by id limit $2::integer + 1`,
    [idInCursor(cursor) ?? '0', limit, state ?? null, category ?? null, isFailing ?? null],
  );
  return idPage(rows.map(toFeed), limit);
}

/** The feed that has this URL, or had it before it moved. */
export async function findFeedByUrl(sql: Sql, url: string): Promise<Feed | undefined> {
  const { rows } = await sql.query<FeedRow>(
    `select ${FEED_COLUMNS} from feeds
     where url = $1 or id = (select feed_id from feed_aliases where feed_aliases.url = $1) order by url = $1 desc limit 1`,
    [url],
  );
  return rows[0] && toFeed(rows[0]);
}

/** Every feed with the names of its categories, as OPML wants them: in the order they came in. */
export async function readAllFeeds(sql: Sql): Promise<OpmlFeed[]> {
  const { rows } = await sql.query<OpmlFeed>(
    `select url, title, site_url as "siteUrl", language, outline, array(
       select name from feed_categories join categories on slug = category
       where feed_id = feeds.id order by position, slug
     ) as categories
     from feeds order by id`,
  );
  return rows;
}

export async function findFeed(sql: Sql, id: FeedId): Promise<Feed | undefined> {
  const { rows } = await sql.query<FeedRow>(`select ${FEED_COLUMNS} from feeds where id = $1`, [id]);
  return rows[0] && toFeed(rows[0]);
}

/** The feed and all that polling it needs; undefined where it is gone. */
export async function readPollTarget(sql: Sql, id: FeedId): Promise<WholeFeed | undefined> {
  const { rows } = await sql.query<
    FeedRow & { targets: TargetJson[]; waits_by_host: boolean; put_off_at: Date | null }
  >(
    `select ${FEED_COLUMNS}, waits_by_host, put_off_at,
            (select ${TARGETS_JSON} from (select ${TARGET_COLUMNS}, feeds.strikes) as target)
     from feeds where id = $1`,
    [id],
  );
  const [row] = rows;
  const [target] = row?.targets ?? [];
  if (row === undefined || target === undefined) return undefined;
  return { ...toFeed(row), ...toPollTarget(target), waitsByHost: row.waits_by_host, putOffAt: row.put_off_at };
}

/**
 * The feed after the change; undefined where there is none. Made active, it starts with a clean sheet: no failures, no
 * strikes, due as its schedule says. Throws CodedError `request-invalid` for headers that cannot be sent.
 */
export async function updateFeed(sql: Sql, id: FeedId, patch: FeedPatch): Promise<Feed | undefined> {
  checkPatch(patch);
  const columns = Object.entries({
    title: patch.title,
    state: patch.state,
    user_agent: patch.userAgent,
    request_headers: patch.requestHeaders && JSON.stringify(patch.requestHeaders),
    basic_auth: patch.basicAuth,
    default_zone: patch.defaultZone,
    keep_days: patch.keepDays,
  }).filter(([, value]) => value !== undefined);
  const sets = columns.map(([name], index) => `${name} = $${index + 2}`);
  // What its reader called it in an OPML file is no longer so.
  if (patch.title !== undefined) sets.push("outline = outline - 'text'");
  if (patch.categories !== undefined) sets.push('has_own_categories = true');
  if (patch.state === 'active') sets.push('failures = 0', 'strikes = 0', 'gone_at = null');
  return sql.transaction(async (transaction) => {
    const values = columns.map(([, value]) => value);
    if (sets.length > 0) await transaction.query(`update feeds set ${sets.join(', ')} where id = $1`, [id, ...values]);
    if (patch.categories !== undefined) await replaceCategories(transaction, id, patch.categories);
    return findFeed(transaction, id);
  });
}

/** Throws CodedError `request-invalid` for headers that cannot be sent. */
export function checkPatch({ requestHeaders = {} }: FeedPatch): void {
  for (const [name, value] of Object.entries(requestHeaders)) {
    const isSendable = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
    if (isSendable && !OWN_HEADERS.test(name)) continue;
    throw new CodedError('request-invalid', `The request header ${JSON.stringify(name)} cannot be set.`);
  }
}

async function replaceCategories(sql: Sql, id: FeedId, names: readonly string[]): Promise<void> {
  await createCategories(sql, names);
  const slugs = names.map((name) => categorySlug(name));
  await sql.query('delete from feed_categories where feed_id = $1 and category <> all($2::text[])', [id, slugs]);
  await sql.query(
    `insert into feed_categories (feed_id, category)
     select feeds.id, slug from feeds, unnest($2::text[]) as slug where feeds.id = $1 on conflict do nothing`,
    [id, slugs],
  );
}

/**
 * Makes the feed due now and claims it for the poll which the caller puts into the queue; when the claim ends. Undefined
 * where there is no such feed, or where somebody polls it already or is about to: that poll goes on.
 */
export async function pollNow(sql: Sql, id: FeedId, now: Date): Promise<Date | undefined> {
  const claimedUntil = new Date(now.getTime() + POLL_NOW_LEASE_MS);
  const { rows } = await sql.query(
    `update feeds set next_poll_at = least(next_poll_at, $2::timestamptz), leased_until = $3
     where id = $1 and (leased_until is null or leased_until <= $2::timestamptz) returning id`,
    [id, now, claimedUntil],
  );
  return rows.length > 0 ? claimedUntil : undefined;
}

/** Makes the feed due now, so that the next scheduler takes it. False where there is none, or it is paused. */
export async function makeDue(sql: Sql, id: FeedId, now: Date): Promise<boolean> {
  const { rows } = await sql.query(
    `update feeds set next_poll_at = least(next_poll_at, $2::timestamptz) where id = $1 and state <> 'paused' returning id`,
    [id, now],
  );
  return rows.length > 0;
}

/** The feed's last polls, newest first; at least fifty are kept. */
export async function listPolls(sql: Sql, id: FeedId, limit: number): Promise<PollRecord[]> {
  const { rows } = await sql.query<PollRecord>(
    `select started_at as "startedAt", outcome, status, wire_bytes as "wireBytes", duration_ms as "durationMs",
            inserted, updated, unchanged, error
     from polls where feed_id = $1 order by started_at desc limit $2`,
    [id, limit],
  );
  return rows;
}
