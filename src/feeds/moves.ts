import { DAY } from '../clock.ts';
import type { PollTarget } from './feed.ts';

export type MoveSoFar = Pick<PollTarget, 'movedTo' | 'movedSince' | 'movedPolls'>;

/** Where permanent redirects lead a feed, and how sure that is. */
export interface Move {
  readonly movedTo: string | null;
  readonly movedSince: Date | null;
  readonly movedPolls: number;
  /** The URL to poll from now on; null where it stays. */
  readonly newUrl: string | null;
}

const AGREEING_POLLS = 3;
const AT_LEAST_MS = DAY;

/**
 * A move is believed after three polls in a row that lead to the same place, over a day at least: a login page or a
 * captive portal may answer 301 for an hour, and a saved mistake is a lost feed.
 */
export function noteMove(target: PollTarget, movedTo: string | null, now: Date): Move {
  if (movedTo === null || movedTo === target.url || isDowngrade(target.url, movedTo)) {
    return { movedTo: null, movedSince: null, movedPolls: 0, newUrl: null };
  }
  const isSame = movedTo === target.movedTo && target.movedSince !== null;
  const movedSince = isSame && target.movedSince !== null ? target.movedSince : now;
  const movedPolls = isSame ? Math.min(target.movedPolls + 1, 1000) : 1;
  const isSure = isSureMove({ movedTo, movedSince, movedPolls }, now);
  return { movedTo, movedSince, movedPolls, newUrl: isSure ? movedTo : null };
}

export function isSureMove({ movedTo, movedSince, movedPolls }: MoveSoFar, now: Date): boolean {
  if (movedTo === null || movedSince === null) return false;
  return movedPolls >= AGREEING_POLLS && now.getTime() - movedSince.getTime() >= AT_LEAST_MS;
}

/** Followed each time, but never for good: whoever sits on an open line could have said so. */
function isDowngrade(from: string, to: string): boolean {
  return from.startsWith('https:') && to.startsWith('http:');
}
