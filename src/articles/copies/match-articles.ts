/**
 * Finds out which articles are copies of which. Articles wait with `matched_at` null: so nothing is lost by a crash, and a
 * second run finds nothing to do. One decider at a time sees, in the order of ids, each article together with all that
 * were stored before it.
 */
import { readFileSync } from 'node:fs';
import { DAY } from '../../clock.ts';
import { PREPARED, type Sql, UNASKED } from '../../engines/sql.ts';
import type { ArticleId, FeedId, StoryId } from '../../ids.ts';
import { holdArticles } from '../article-lock.ts';
import { noteCountChanges } from '../count-changes.ts';
import { assignStories } from '../stories/assign.ts';
import { titlesAlike } from '../stories/patterns.ts';
import { bareTitle, comparable } from './comparable.ts';
import { decideBatch, type Placement } from './decide-batch.ts';
import { DECIDE_ON_WAITING } from './decider.ts';
import { fingerprintOf } from './fingerprint.ts';
import { learnSuffixes } from './publishers.ts';
import { releaseEstranged } from './release.ts';
import { restoreFingerprints } from './restore-fingerprints.ts';
import { addTitles, type FeedTitles, suffixesOf, titlesByFeed } from './suffixes.ts';
import { SUMMARY_READ, type Unmatched, type UnmatchedRow, unmatchedOf } from './unmatched.ts';

const [READ_UNMATCHED, SAVE_MATCHES] = ['./read-unmatched.sql', './save-matches.sql'].map((file) =>
  readFileSync(new URL(file, import.meta.url), 'utf8'),
) as [string, string];

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
  const oldest = new Date(now.getTime() - FINGERPRINT_RETENTION);
  const sums = { matched: 0, copies: 0 };
  for (;;) {
    const { next, matched, copies } = await sql.transaction(
      (within) => matchBatch(within, oldest, now),
      DECIDE_ON_WAITING,
    );
    sums.matched += matched;
    sums.copies += copies;
    if (next === 'done') return sums;
    if (next === 'restore') await restoreFingerprints(sql, oldest);
  }
}

/** What is to follow a batch: nothing, another, or first what the articles are to be compared with, which was lost. */
type Next = 'done' | 'match' | 'restore';

async function matchBatch(sql: Sql, oldest: Date, now: Date): Promise<Matched & { readonly next: Next }> {
  const { next, articles, titles } = await readUnmatched(sql, oldest);
  if (articles.length === 0) return { next, matched: 0, copies: 0 };
  const recent = articles.filter(({ published_at }) => published_at >= oldest);
  const released = await releaseEstranged(sql, articles);
  const estranged = new Set(released.map(({ id }) => id));
  const originals = recent.filter(({ id, original_id }) => original_id === null || estranged.has(id));
  const placements = await decideBatch(sql, { articles: recent, titles: titlesByFeed(articles), now }, originals);
  const matches = matchesOf(articles, estranged, placements);
  const stories = await findStories(sql, articles, titles, matches, now);
  await saveMatches(sql, matches, stories, now);
  const changed = [
    ...released.flatMap(({ id, was }) => [id, was]),
    ...placements.flatMap(({ id, original, was }) => [id, original, was]),
  ];
  await noteCountChanges(sql, changed, now);
  return { next, matched: articles.length, copies: placements.length };
}

interface State {
  readonly script: string;
  readonly are_lost: boolean;
  readonly others_wait: boolean;
  readonly titles: Readonly<Record<string, readonly string[]>> | null;
  readonly articles: readonly UnmatchedRow[] | null;
}

async function readUnmatched(
  sql: Sql,
  oldest: Date,
): Promise<{ next: Next; articles: readonly Unmatched[]; titles: readonly FeedTitles[] }> {
  const { rows } = await sql.query<State>(READ_UNMATCHED, [BATCH, SUMMARY_READ, oldest], PREPARED);
  const [state] = rows;
  const waiting = state?.articles ?? [];
  const next = nextOf(state, waiting.length);
  if (next === 'restore') return { next, articles: [], titles: [] };
  const titles = addTitles(state?.titles ?? {}, titlesByFeed(waiting));
  const suffixes = suffixesOf(titles);
  const articles = waiting.map((row) => {
    const text = comparable(
      row.title,
      row.summary,
      row.feeds.flatMap((feed) => suffixes.get(feed) ?? []),
    );
    return unmatchedOf(row, text, fingerprintOf(text));
  });
  return { next, articles, titles };
}

/** Where another decider took all of a script meanwhile, those in the other may still wait. */
function nextOf(state: State | undefined, size: number): Next {
  if (state === undefined || state.script === '') return 'done';
  if (size > 0 && state.are_lost) return 'restore';
  return size === BATCH || size === 0 || state.others_wait ? 'match' : 'done';
}

interface Match {
  readonly id: ArticleId;
  readonly original_id: ArticleId | null;
  /** Null for an article that was not matched itself, but follows its original. */
  readonly content_hash: string | null;
}

function matchesOf(
  articles: readonly Unmatched[],
  estranged: ReadonlySet<ArticleId>,
  placements: readonly Placement[],
): Map<ArticleId, Match> {
  const matches = new Map<ArticleId, Match>(
    articles.map(({ id, original_id, content_hash }) => [
      id,
      { id, original_id: estranged.has(id) ? null : original_id, content_hash },
    ]),
  );
  for (const { id, original } of placements) {
    matches.set(id, { id, original_id: original, content_hash: matches.get(id)?.content_hash ?? null });
  }
  return matches;
}

/** The stories of the originals that have none yet. */
async function findStories(
  sql: Sql,
  articles: readonly Unmatched[],
  titles: readonly FeedTitles[],
  matches: ReadonlyMap<ArticleId, Match>,
  now: Date,
): Promise<Map<ArticleId, StoryId>> {
  const read = articles
    .filter(({ id, story_id }) => story_id === null && matches.get(id)?.original_id === null)
    .map(({ id, title, summary, language, published_at, feeds, text }) => ({
      id,
      title: text.bare || title,
      summary,
      language,
      publishedAt: published_at,
      siblings: siblingsOf(title, feeds, titles),
    }));
  return await assignStories(sql, read, now);
}

/** The titles of the same feeds that may be made from the same pattern, without publishers. */
function siblingsOf(title: string, feeds: readonly FeedId[], titles: readonly FeedTitles[]): string[] {
  return titles
    .filter(({ feed }) => feeds.includes(feed))
    .flatMap(({ titles: all }) => {
      const alike = titlesAlike(title, all);
      if (alike.length === 0) return [];
      const suffixes = learnSuffixes(all);
      return alike.map((other) => bareTitle(other, suffixes));
    });
}

async function saveMatches(
  sql: Sql,
  matches: ReadonlyMap<ArticleId, Match>,
  stories: ReadonlyMap<ArticleId, StoryId>,
  now: Date,
): Promise<void> {
  const rows = [...matches.values()].map((match) => ({
    ...match,
    // That of an original which is found only now, its copies cannot read from its row.
    story_id: stories.get(match.original_id ?? match.id) ?? null,
  }));
  await holdArticles(sql);
  await sql.query(SAVE_MATCHES, [JSON.stringify(rows), now], UNASKED);
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
