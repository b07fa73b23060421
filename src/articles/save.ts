/**
 * Stores what a poll brought, in a constant number of statements: one when there is nothing new. An article belongs to the
 * feed that carried it first: only that feed's words are taken, others become sources and lend their categories. Were
 * every feed heard, two feeds of one site that word a title differently would rewrite it at each poll, for ever.
 *
 * Locks are taken in one order by everybody: the gate, keys, that of articles, articles, sources, categories, count changes, the feed, sorted
 * within each (docs/data-model.md).
 */
import { readFileSync } from 'node:fs';
import { HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { Entry } from '../feeds/entry.ts';
import type { ArticleId } from '../ids.ts';
import { shareArticles } from './article-lock.ts';
import { noteCountChanges } from './count-changes.ts';
import { type CarryingFeed, type Draft, draftArticle } from './draft.ts';
import { PASS_SAVING } from './gate.ts';
import { type GuidSight, learnGuids, saveGuidRecord } from './guid-trust.ts';
import { identify } from './identify.ts';
import { articleRow, type Inserted, insertFresh } from './insert.ts';
import type { AliasKey } from './keys.ts';
import { type Match, matchCandidates } from './match.ts';
import { leaveOutRemoved } from './removed.ts';
import { saveWords } from './search/save-words.ts';

const [UPDATE_ARTICLES, SAVE_SOURCES, SAVE_CATEGORIES] = [
  './update-articles.sql',
  './save-sources.sql',
  './save-categories.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string];

/**
 * How old `sources.last_seen_at` may get before it is written again: a poll that finds 50 known entries every five minutes
 * would else write 50 rows each time. Clean-up allows for it.
 */
export const SEEN_GRANULARITY = HOUR;

/** Of an article that changes all day (a live report), the last wordings are kept. */
const MAX_REVISIONS = 50;

/** What became of a document's articles. Entries that are the same article count as one. */
export interface SavedArticles {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Entries that could not be stored: without title and text, or broken in a way that parsing let pass. */
  readonly rejected: number;
  readonly insertedIds: readonly ArticleId[];
}

const OPENING = [`select ${PASS_SAVING}`];

/**
 * Stores a poll's entries; nothing where the feed was removed meanwhile. Call it in the transaction that stores the poll;
 * running it twice changes nothing.
 */
export async function saveArticles(
  sql: Sql,
  feed: CarryingFeed,
  entries: readonly Entry[],
  now: Date,
): Promise<SavedArticles> {
  const drafts = entries.map((entry) => draftOrNothing(entry, feed, now)).filter((draft) => draft !== undefined);
  const rejected = entries.length - drafts.length;
  const candidates = identify(drafts);
  const nothing = { inserted: 0, updated: 0, unchanged: 0, rejected, insertedIds: [] };
  if (candidates.length === 0) return nothing;
  return sql.transaction(async (within) => {
    const known = await matchCandidates(within, feed, candidates);
    if (known === undefined) return nothing;
    const { fresh, removed } = await leaveOutRemoved(within, feed, known.fresh, now);
    const { inserted, raced } = await insertFresh(within, fresh, known.matches, now);
    const late = raced.length === 0 ? undefined : await matchCandidates(within, feed, raced);
    const matches = [...known.matches, ...(late?.matches ?? [])];
    const updated = await updateArticles(within, feed, matches, now);
    await saveShared(within, feed, known.newlyShared);
    await saveSources(within, feed, inserted, matches, now);
    await saveCategories(within, feed, inserted, matches, now);
    await saveGuidRecord(within, feed.id, known.guids, learnGuids(known.guids, sightsOf(inserted, matches)), now);
    return {
      inserted: inserted.length,
      updated,
      unchanged: new Set(matches.map(({ id }) => id)).size - updated + removed,
      rejected,
      insertedIds: inserted.map(({ id }) => id),
    };
  }, OPENING);
}

function sightsOf(inserted: readonly Inserted[], matches: readonly Match[]): GuidSight[] {
  const added = inserted.flatMap(({ id, fresh: { candidate, isReuse } }): GuidSight[] =>
    candidate.draft.hasGuid && candidate.guids.length > 0
      ? [{ article: id, guid: candidate.draft.guidKey, was: isReuse ? 'reused' : 'new' }]
      : [],
  );
  return [...added, ...matches.flatMap(({ sight }) => sight ?? [])];
}

function draftOrNothing(entry: Entry, feed: CarryingFeed, now: Date): Draft | undefined {
  try {
    return draftArticle(entry, feed, now);
  } catch {
    // An entry that is not what its type says costs itself, never the others.
    return undefined;
  }
}

async function updateArticles(sql: Sql, feed: CarryingFeed, matches: readonly Match[], now: Date): Promise<number> {
  const newest = new Map<ArticleId, Match>();
  for (const match of matches) {
    const other = newest.get(match.id);
    if (other === undefined || match.draft.datedAt > other.draft.datedAt) newest.set(match.id, match);
  }
  const changed = [...newest.values()].filter(
    ({ known: { owner, contentHash }, draft }) =>
      (owner === feed.id || owner === null) && contentHash !== draft.contentHash,
  );
  if (changed.length === 0) return 0;
  const given = changed.map(({ draft, id }) => articleRow(draft, id));
  await shareArticles(sql);
  const { rows } = await sql.query<{ id: ArticleId }>(UPDATE_ARTICLES, [JSON.stringify(given), now, MAX_REVISIONS]);
  const written = new Set(rows.map(({ id }) => id));
  await saveWords(
    sql,
    given.filter(({ id }) => written.has(id)),
  );
  return written.size;
}

async function saveShared(sql: Sql, feed: CarryingFeed, keys: readonly AliasKey[]): Promise<void> {
  if (keys.length === 0) return;
  await sql.query(
    `insert into shared_keys (feed_id, key) select $1, decode(key, 'hex') from unnest($2::text[]) key
     order by 2 on conflict do nothing`,
    [feed.id, keys],
    { isUnasked: true },
  );
}

async function saveSources(
  sql: Sql,
  feed: CarryingFeed,
  inserted: readonly Inserted[],
  matches: readonly Match[],
  now: Date,
): Promise<void> {
  const stale = now.getTime() - SEEN_GRANULARITY;
  const unseen = matches.filter(({ lastSeenAt }) => lastSeenAt === null || lastSeenAt.getTime() < stale);
  const named = [
    ...inserted.map(({ id, fresh }) => ({ id, key: fresh.sourceKey, draft: fresh.candidate.draft })),
    ...unseen.map(({ id, sourceKey, draft }) => ({ id, key: sourceKey, draft })),
  ];
  // No row can be written twice by one statement.
  const byKey = new Map(named.map((one) => [one.key, one]));
  const rows = [...byKey.values()].map(({ id, key, draft }) => ({
    key,
    article: id,
    guid: draft.guid,
    url: draft.url,
  }));
  if (rows.length === 0) return;
  await sql.query(SAVE_SOURCES, [JSON.stringify(rows), feed.id, now], { isUnasked: true });
}

async function saveCategories(
  sql: Sql,
  feed: CarryingFeed,
  inserted: readonly Inserted[],
  matches: readonly Match[],
  now: Date,
): Promise<void> {
  const unfiled = matches.filter(({ known }) => !known.isFiled);
  const ids = [...inserted, ...unfiled].map(({ id }) => id);
  if (ids.length === 0) return;
  // What is new was not read yet: where nothing else moves, there is nothing to wait for.
  const isUnasked = unfiled.length === 0;
  const { rows } = await sql.query<{ id: ArticleId }>(SAVE_CATEGORIES, [ids, feed.id], { isUnasked });
  const unread = new Set(inserted.map(({ id }) => id));
  const moved = rows.map(({ id }) => id).filter((id) => !unread.has(id));
  await noteCountChanges(sql, moved, now);
}
