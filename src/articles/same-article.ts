/**
 * Whether an entry is a stored article, where its keys alone do not tell: a guid that is known for another link and other
 * words, or words (or a path) that are known under another guid and another link. Mistakes cost the same in both ways: an
 * article that is listed twice, or one that another has swallowed. So what speaks for either must be given, not lacking.
 */
import { HOUR, SECOND } from '../clock.ts';
import type { FeedId } from '../ids.ts';
import { canonicalUrl } from './canonical-url.ts';
import type { Draft } from './draft.ts';
import { isSameTitle, isSimilarText } from './same-title.ts';

/** What is compared of a stored article. */
export interface Stored {
  readonly title: string;
  readonly url: string | null;
  /** Its link as this feed gave it last. */
  readonly carriedUrl: string | null;
  readonly owner: FeedId | null;
  readonly publishedAt: Date;
  readonly publishedFrom: string;
  readonly firstSeenAt: Date;
}

/** 'day' is the same midnight: many articles have it. */
type DateRelation = 'same' | 'day' | 'other' | 'far' | 'unknown';
type PlaceRelation = 'same' | 'query' | 'host' | 'path' | 'other' | 'unknown';

const FAR = 12 * HOUR;

export function relateDates(draft: Draft, stored: Stored): DateRelation {
  // An update moves what is called updated, and the clamp of the future moved what was stored.
  const isClamped = draft.datedAt > draft.publishedAt.getTime() || +stored.publishedAt === +stored.firstSeenAt;
  if (draft.publishedFrom !== 'feed' || stored.publishedFrom !== 'feed' || isClamped) return 'unknown';
  const apart = Math.abs(draft.publishedAt.getTime() - stored.publishedAt.getTime());
  if (apart > SECOND) return apart < FAR ? 'other' : 'far';
  return draft.publishedAt.getTime() % HOUR === 0 ? 'day' : 'same';
}

/** What of the link is the same: all, all but the query, all but the host, the path only, or less. */
export function relatePlaces(draft: Draft, stored: Stored, feedHost: string): PlaceRelation {
  const [now, before] = [draft.url, stored.carriedUrl ?? stored.url].map((url) =>
    url === null ? null : canonicalUrl(url, feedHost),
  );
  if (now == null || before == null) return 'unknown';
  if (now === before) return 'same';
  const [a, b] = [new URL(now), new URL(before)];
  if (a.pathname === '/' || a.pathname !== b.pathname) return 'other';
  if (a.host === b.host) return 'query';
  return a.search === b.search ? 'host' : 'path';
}

/** Whether a known guid now stands for another article. `storedText` is asked for only where it decides. */
export function isReusedGuid(draft: Draft, stored: Stored, feedHost: string, storedText: () => string): boolean {
  const place = relatePlaces(draft, stored, feedHost);
  if (place === 'same' || place === 'host') return false;
  const dates = relateDates(draft, stored);
  if (dates === 'same') return false;
  const isUntold = draft.summary === '' || storedText() === '';
  const isOtherText = !isSimilarText(draft.summary, storedText());
  // A title for each day ("Photo of the day") under a guid for each day.
  if (isSameTitle(draft.title, stored.title)) {
    return place !== 'unknown' && dates === 'far' && !isUntold && isOtherText;
  }
  if (place === 'unknown' && isUntold) return dates === 'far' || dates === 'other';
  return isOtherText;
}

/** How the keys of a document have moved: whether guids and links of this feed are new each time. */
export interface Upheaval {
  /** The feed is known for it, or most of this document's known words come with guids and links never seen. */
  readonly isVolatile: boolean;
  /** All of at least three: even their dates may be made anew. */
  readonly isTotal: boolean;
}

/** Whether an entry whose guid and link were never seen is the article that said the same, or stood at the same path. */
export function isSameWords(
  draft: Draft,
  stored: Stored,
  by: 'content' | 'path',
  feedHost: string,
  upheaval: Upheaval,
  storedText: () => string,
): boolean {
  const place = relatePlaces(draft, stored, feedHost);
  const dates = relateDates(draft, stored);
  if (by === 'content') return isSameContent(draft, place, dates, upheaval);
  if (!(isPath(place) || place === 'unknown') || !isSameTitleOrText(draft, stored, storedText)) return false;
  if (place === 'host') return dates !== 'other' && dates !== 'far';
  return dates === 'same' || (upheaval.isVolatile && (dates === 'day' || dates === 'unknown'));
}

function isSameContent(draft: Draft, place: PlaceRelation, dates: DateRelation, upheaval: Upheaval): boolean {
  switch (dates) {
    case 'same':
      return true;
    case 'day':
      return isPath(place) || upheaval.isVolatile;
    case 'unknown':
      return place === 'host' || (upheaval.isVolatile && (isPath(place) || place === 'unknown'));
    case 'other':
    case 'far':
      return upheaval.isTotal && isPath(place) && draft.summary !== '';
    default:
      return dates satisfies never;
  }
}

function isPath(place: PlaceRelation): boolean {
  return place === 'query' || place === 'host' || place === 'same';
}

function isSameTitleOrText(draft: Draft, stored: Stored, storedText: () => string): boolean {
  if (!isSameTitle(draft.title, stored.title)) return isSimilarText(draft.summary, storedText());
  return draft.summary === '' || storedText() === '' || isSimilarText(draft.summary, storedText());
}
