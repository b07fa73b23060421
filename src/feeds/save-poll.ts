import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import type { FeedId } from '../ids.ts';
import {
  type FeedState,
  outcomeMessage,
  outcomeName,
  type Poll,
  type PollOutcome,
  type PollTarget,
  type Validators,
} from './feed.ts';
import { closeDirections } from './parse/directions.ts';
import { saveChanges } from './save-changes.ts';
import { type FeedSchedule, type ScheduleLimits, scheduleNext } from './schedule.ts';

/** What storing the poll's entries came to. */
export interface SavedCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
}

export type SaveLimits = ScheduleLimits;

const SAVE = readFileSync(new URL('./save-poll.sql', import.meta.url), 'utf8');

/** Titles are plain text already; what nobody can read in a list is cut. */
const MAX_TITLE = 1000;
const MAX_ERROR = 1000;
const MAX_URL = 2048;
const MAX_LANGUAGE = 64;

/** A poll as it is written. Text, and nothing of what it was made of: thousands wait for their turn in a busy poller. */
export interface PollLine {
  readonly feed: FeedId;
  /** What save-poll.sql takes, as JSON. */
  readonly json: string;
}

/** A poll as it is to be written. */
export interface PollRow {
  readonly target: PollTarget;
  readonly poll: Poll;
  readonly schedule: FeedSchedule;
  readonly line: PollLine;
}

/**
 * Writes validators, schedule and outcome of a poll, and releases its lease. Called in the transaction that stores the
 * poll's articles, so that no validator ever stands for entries that are not there. `newUrl` is where it has moved to for good:
 * call `moveFeed` after the transaction. Undefined, and nothing written, where the lease is not the poll's own any more.
 */
export async function savePoll(
  sql: Sql,
  target: PollTarget,
  poll: Poll,
  counts: SavedCounts,
  limits: SaveLimits,
  now: Date,
  random: () => number,
): Promise<{ readonly newUrl: string | null } | undefined> {
  const row = pollRow(target, poll, counts, limits, now, random);
  const saved = await savePolls(sql, [row.line]);
  if (!saved.has(target.id)) return undefined;
  await saveChanges(sql, target, poll, counts.inserted, row.schedule);
  return { newUrl: row.schedule.newUrl };
}

/**
 * Writes polls that changed nothing but the schedule (see isPlain), many at once, as savePoll does one. The feeds of those
 * that were written.
 */
export async function savePolls(sql: Sql, lines: readonly PollLine[]): Promise<ReadonlySet<FeedId>> {
  // In one order by everybody, so that two writers of the same rows do not wait for each other.
  const sorted = lines.toSorted((a, b) => a.feed - b.feed);
  const { rows } = await sql.query<{ saved: FeedId[] }>(SAVE, [`[${sorted.map(({ json }) => json).join(',')}]`]);
  return new Set(rows[0]?.saved);
}

/** Whether one line of savePolls is all that the poll has to say: no articles, no move, nothing that went missing. */
export function isPlain({ target, poll, schedule }: PollRow): boolean {
  const isMissingAsBefore = schedule.missingSince?.getTime() === target.missingSince?.getTime();
  return poll.outcome.kind !== 'fresh' && poll.movedTo === null && schedule.newUrl === null && isMissingAsBefore;
}

/** What will be written of the poll. */
export function pollRow(
  target: PollTarget,
  poll: Poll,
  counts: SavedCounts,
  limits: SaveLimits,
  now: Date,
  random: () => number,
): PollRow {
  const { outcome } = poll;
  const schedule = scheduleNext(target, poll, counts.inserted, limits, now, random);
  const validators = validatorsOf(outcome);
  const feed = outcome.kind === 'fresh' ? outcome.feed : undefined;
  const isFresh = outcome.kind === 'fresh';
  // Written out, nothing spread: this is made for every poll. What is undefined costs nothing, here and in PostgreSQL, so
  // that is what is said of all that is as usual.
  const columns = {
    id: target.id,
    leased_until: target.leasedUntil,
    is_put_off: outcome.kind === 'limited' && poll.status === null ? true : undefined,
    state: schedule.state === target.state ? undefined : schedule.state,
    next_poll_at: schedule.nextPollAt,
    interval_seconds: schedule.intervalSeconds,
    rhythm_seconds: isFresh ? given(schedule.rhythmSeconds) : undefined,
    newest_entry_at: isFresh ? given(schedule.newestEntryAt) : undefined,
    hints: schedule.hints === target.hints ? undefined : schedule.hints,
    failures: some(schedule.failures),
    strikes: some(schedule.strikes),
    gone_at: given(schedule.goneAt),
    moved_to: given(schedule.movedTo),
    moved_since: given(schedule.movedSince),
    moved_polls: some(schedule.movedPolls),
    has_validators: validators && true,
    etag: validators?.etag,
    last_modified: validators?.lastModified,
    body_hash: validators?.bodyHash && Buffer.from(validators.bodyHash).toString('hex'),
    title: feed && titleOf(feed.title),
    site_url: feed && cut(feed.siteUrl, MAX_URL),
    language: feed && cut(feed.language, MAX_LANGUAGE),
    started_at: poll.startedAt,
    outcome: outcomeName(outcome),
    status: given(poll.status),
    error: cut(errorOf(outcome, schedule), MAX_ERROR),
    wire_bytes: some(poll.wireBytes),
    duration_ms: Math.round(poll.durationMs),
    inserted: some(counts.inserted),
    updated: some(counts.updated),
    unchanged: some(counts.unchanged),
  };
  return { target, poll, schedule, line: { feed: target.id, json: JSON.stringify(columns) } };
}

/** Left out of the JSON where there is none. */
function given<T>(value: T | null): T | undefined {
  return value ?? undefined;
}

function some(count: number): number | undefined {
  return count === 0 ? undefined : count;
}

/** What that was once too often: who looks at the feed should not have to wonder at its silence. */
const SILENCES: Partial<Record<FeedState, string>> = {
  retired: ' The feed is retired: it is asked once a month, and back as soon as it answers.',
  quarantined: ' The feed is in quarantine: one attempt a day.',
};

function errorOf(outcome: PollOutcome, { state }: FeedSchedule): string | null {
  const message = outcomeMessage(outcome);
  return message === null ? null : message + (SILENCES[state] ?? '');
}

/** What was cut may have been left open by it. */
function titleOf(title: string): string {
  return closeDirections(cut(title, MAX_TITLE) ?? '');
}

/** Undefined where the feed keeps its own. */
function validatorsOf(outcome: PollOutcome): Validators | undefined {
  return outcome.kind === 'fresh' || outcome.kind === 'unchanged' ? outcome.validators : undefined;
}

/** PostgreSQL refuses NUL and halves of surrogate pairs in JSON, and with them the polls of all others in the batch. */
function cut(text: string | null, length: number): string | undefined {
  return text?.replaceAll('\0', '').slice(0, length).toWellFormed();
}
