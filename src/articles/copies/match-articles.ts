/**
 * Finds out which articles are copies of which. Articles wait with `matched_at` null: so nothing is lost by a crash, and a
 * second run finds nothing to do. One decider at a time sees, in the order of ids, each article together with all that
 * were stored before it.
 */
import { readFileSync } from 'node:fs';
import { DAY } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { noteCountChanges } from '../count-changes.ts';
import { assignStories } from '../stories/assign.ts';
import { followOriginals } from '../stories/follow-originals.ts';
import { comparable } from './comparable.ts';
import { decideBatch, type Placement } from './decide-batch.ts';
import { becomeDecider, SCRIPTS, type Script } from './decider.ts';
import { fingerprintOf } from './fingerprint.ts';
import { releaseEstranged } from './release.ts';
import { learnFromTitles } from './suffixes.ts';
import { SUMMARY_READ, type Unmatched, type UnmatchedRow } from './unmatched.ts';

const [READ_UNMATCHED, SAVE_FINGERPRINTS, SAVE_MATCHES] = [
  './read-unmatched.sql',
  './save-fingerprints.sql',
  './save-matches.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string];

/** Articles decided on in one transaction: enough that its statements cost each little, few enough that none waits long. */
const BATCH = 100;

/** Published longer ago, an article is nobody's copy and nobody's original any more. */
export const FINGERPRINT_RETENTION = 7 * DAY;

/** What matching came to. */
export interface Matched {
  readonly matched: number;
  /** Articles that became copies. */
  readonly copies: number;
}

/** Matches all articles that wait. Running it twice, or in two processes at once, changes nothing more. */
export async function matchArticles(sql: Sql, now: Date): Promise<Matched> {
  const sums = { matched: 0, copies: 0 };
  for (const script of SCRIPTS) {
    for (let size = BATCH; size === BATCH; ) {
      const done = await sql.transaction((within) => matchBatch(within, script, now));
      size = done.matched;
      sums.matched += done.matched;
      sums.copies += done.copies;
    }
  }
  return sums;
}

async function matchBatch(sql: Sql, script: Script, now: Date): Promise<Matched> {
  await becomeDecider(sql, [script]);
  const articles = await readUnmatched(sql, script);
  if (articles.length === 0) return { matched: 0, copies: 0 };
  const oldest = now.getTime() - FINGERPRINT_RETENTION;
  const recent = articles.filter(({ published_at }) => published_at.getTime() >= oldest);
  await saveFingerprints(sql, recent, now);
  const released = await releaseEstranged(sql, articles);
  const estranged = new Set(released.map(({ id }) => id));
  const originals = recent.filter(({ id, original_id }) => original_id === null || estranged.has(id));
  const placements = await decideBatch(sql, originals);
  await saveMatches(sql, articles, estranged, placements, now);
  await findStories(sql, articles, placements, now);
  const changed = [
    ...released.flatMap(({ id, was }) => [id, was]),
    ...placements.flatMap(({ id, original, was }) => [id, original, was]),
  ];
  await noteCountChanges(sql, changed, now);
  return { matched: articles.length, copies: placements.length };
}

/** Originals get a story; copies have that of their original. */
async function findStories(
  sql: Sql,
  articles: readonly Unmatched[],
  placements: readonly Placement[],
  now: Date,
): Promise<void> {
  const read = articles.map(({ id, title, summary, language, published_at, text }) => ({
    id,
    title: text.bare || title,
    summary,
    language,
    publishedAt: published_at,
  }));
  await assignStories(sql, read, now);
  await followOriginals(
    sql,
    [...articles, ...placements].map(({ id }) => id),
  );
}

async function readUnmatched(sql: Sql, script: Script): Promise<Unmatched[]> {
  const { rows } = await sql.query<UnmatchedRow>(READ_UNMATCHED, [script, BATCH, SUMMARY_READ]);
  const suffixes = await learnFromTitles(sql, rows);
  return rows.map((row) => {
    const learnt = row.feeds.flatMap((feed) => suffixes.get(feed) ?? []);
    const text = comparable(row.title, row.summary, learnt);
    return { ...row, text, keys: fingerprintOf(text) };
  });
}

async function saveFingerprints(sql: Sql, articles: readonly Unmatched[], now: Date): Promise<void> {
  if (articles.length === 0) return;
  const rows = articles.map(({ id, published_at, text, keys }) => ({ id, published_at, title: text.bare, keys }));
  await sql.query(SAVE_FINGERPRINTS, [JSON.stringify(rows), now]);
}

async function saveMatches(
  sql: Sql,
  articles: readonly Unmatched[],
  estranged: ReadonlySet<string>,
  placements: readonly Placement[],
  now: Date,
): Promise<void> {
  const placed = new Map(placements.map(({ id, original }) => [id, original]));
  const decided = articles.map(({ id, original_id, content_hash }) => ({
    id,
    original_id: placed.get(id) ?? (estranged.has(id) ? null : original_id),
    content_hash,
  }));
  const own = new Set(articles.map(({ id }) => id));
  // Copies follow their original.
  const carried = placements
    .filter(({ id }) => !own.has(id))
    .map(({ id, original }) => ({ id, original_id: original, content_hash: null }));
  await sql.query(SAVE_MATCHES, [JSON.stringify([...decided, ...carried]), now]);
}

/** Forgets the fingerprints of articles too old to have copies, at most `limit`; answers how many. */
export async function dropFingerprints(sql: Sql, now: Date, limit: number): Promise<number> {
  const { count } = await sql.query(
    `delete from fingerprints where article_id in (
       select article_id from fingerprints where published_at < $1::timestamptz order by published_at limit $2::int
     )`,
    [new Date(now.getTime() - FINGERPRINT_RETENTION), limit],
  );
  return count;
}
