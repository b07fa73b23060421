import type { Entry, ParsedFeed } from '../../src/feeds/entry.ts';
import type { Poll, PollOutcome, WholeFeed } from '../../src/feeds/feed.ts';
import { feedId } from '../../src/ids.ts';

export const NOW = new Date('2026-03-04T10:30:00Z');
export const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

/** The middle of every jitter. */
export const middle = (): number => 0.5;

export function entryAt(publishedAt: Date | null): Entry {
  return {
    ...{ guid: null, url: null, title: 'T', summary: '', content: '', author: null, image: null, language: null },
    ...{ keywords: [], enclosures: [], publishedAt, updatedAt: null },
  };
}

/** Entries, the newest `newestAgo` seconds old, the others `gap` seconds apart. */
export function entriesEvery(gap: number, newestAgo = 0, count = 10): Entry[] {
  return Array.from({ length: count }, (_, index) => entryAt(later(-newestAgo - index * gap)));
}

export function parsed(entries: readonly Entry[] = [], hints: Partial<ParsedFeed['hints']> = {}): ParsedFeed {
  return {
    ...{ format: 'rss', title: 'Title', siteUrl: 'https://site.example/', language: 'en', description: '' },
    ...{ hubUrl: null, selfUrl: null, entries },
    hints: { intervalSeconds: null, skipHours: [], skipDays: [], ...hints },
  };
}

export function fresh(entries: readonly Entry[] = [], hints: Partial<ParsedFeed['hints']> = {}): PollOutcome {
  const validators = { etag: '"new"', lastModified: 'today', bodyHash: new Uint8Array([1, 2]) };
  return { kind: 'fresh', feed: parsed(entries, hints), entries, validators };
}

export function pollOf(outcome: PollOutcome, more: Partial<Poll> = {}): Poll {
  return {
    ...{ outcome, startedAt: NOW, durationMs: 12, status: 200, wireBytes: 100, decodedBytes: 200 },
    ...{ movedTo: null, freshForSeconds: null },
    ...more,
  };
}

export function targetOf(more: Partial<WholeFeed> = {}): WholeFeed {
  return {
    ...{ id: feedId(1), url: 'https://a.example/feed', host: 'a.example', title: '', siteUrl: null, language: null },
    ...{ state: 'active', categories: [], nextPollAt: NOW, intervalSeconds: 900, lastPolledAt: null },
    ...{ lastSuccessAt: null, lastOutcome: null, lastStatus: null, lastError: null, failures: 0, keepDays: null },
    ...{ leasedUntil: later(60), rhythmSeconds: null, newestEntryAt: null, pollCount: 0 },
    ...{ hubUrl: null, topicUrl: null, pushAliveUntil: null },
    hints: { intervalSeconds: null, skipHours: [], skipDays: [], freshForSeconds: null },
    ...{ etag: null, lastModified: null, bodyHash: null, requestHeaders: {}, basicAuth: null, userAgent: null },
    ...{
      defaultZone: null,
      strikes: 0,
      goneAt: null,
      missingSince: null,
      trustsValidators: true,
      movedTo: null,
      movedSince: null,
      movedPolls: 0,
      guidTrust: 'trusted',
      guidTrustSince: null,
      waitsByHost: false,
      putOffAt: null,
    },
    ...more,
  };
}
