import { HOUR, MINUTE } from '../clock.ts';
import type { FeedId } from '../ids.ts';
import type { FailureClass, PollOutcome } from './feed.ts';

/** Remembers the last polls of this process, to tell a broken feed from our own broken line. */
export interface OutageWatch {
  note(host: string, outcome: PollOutcome, at: Date): void;
  /** True while most of the hosts that were asked last, five or more, could not be reached. */
  isOwnOutage(at: Date): boolean;
  /** Notes that a feed was blamed for a failure (stored, that is) which our own side may have caused. */
  blame(feed: FeedId, at: Date): void;
  /** The feeds that were blamed in the last two minutes, each once: for when an outage is recognised. */
  takeBlamed(at: Date): FeedId[];
}

/** Failures that our own side can cause. */
const NETWORK: ReadonlySet<FailureClass> = new Set(['dns', 'connect', 'tls', 'timeout']);

const WINDOW_MS = 2 * MINUTE;
/** Few, so that the verdict falls soon after the line does, even where hundreds of polls a second went well before. */
const RECENT = 20;
const MIN_HOSTS = 5;
/** A host that stays away for longer, while others answer, is down itself and no sign of anything. */
const DOWN_MS = HOUR;
const MAX_DOWN_HOSTS = 10_000;
const MAX_BLAMED = 10_000;

export function isNetworkFailure(outcome: PollOutcome): boolean {
  return outcome.kind === 'failed' && NETWORK.has(outcome.failure);
}

export function openOutageWatch(): OutageWatch {
  /** The last result of each host, oldest first; never more than RECENT. */
  const recent = new Map<string, { at: number; isDown: boolean }>();
  let lastHost = '';
  const downSince = new Map<string, number>();
  let lastAnswerAt = 0;
  let blamed: { feed: FeedId; at: number }[] = [];

  const remember = (host: string, at: number, isDown: boolean): void => {
    const last = host === lastHost ? recent.get(host) : undefined;
    if (last !== undefined) {
      // Already the newest: to take it out and put it in again makes the map a new table now and then.
      last.at = at;
      last.isDown = isDown;
      return;
    }
    lastHost = host;
    recent.delete(host);
    recent.set(host, { at, isDown });
    const [oldest] = recent.keys();
    if (recent.size > RECENT && oldest !== undefined) recent.delete(oldest);
  };

  const isSign = (host: string, at: number): boolean => {
    const since = downSince.get(host);
    return since === undefined || at - since < DOWN_MS || lastAnswerAt < since;
  };

  return {
    note(host, outcome, at) {
      // A poll that was put off says nothing about the line.
      if (outcome.kind === 'limited') return;
      const isDown = isNetworkFailure(outcome);
      if (!isDown) {
        downSince.delete(host);
        lastAnswerAt = at.getTime();
      } else if (!downSince.has(host) && downSince.size < MAX_DOWN_HOSTS) {
        downSince.set(host, at.getTime());
      }
      remember(host, at.getTime(), isDown);
    },
    isOwnOutage(at) {
      // Asked at every poll, so that nothing is made for it.
      let [hosts, down] = [0, 0];
      for (const [host, last] of recent) {
        if (at.getTime() - last.at > WINDOW_MS || !isSign(host, at.getTime())) continue;
        hosts += 1;
        if (last.isDown) down += 1;
      }
      return hosts >= MIN_HOSTS && down > hosts / 2;
    },
    blame(feed, at) {
      if (blamed.length >= MAX_BLAMED) blamed = blamed.slice(MAX_BLAMED / 2);
      blamed.push({ feed, at: at.getTime() });
    },
    takeBlamed(at) {
      const recently = blamed.filter((one) => at.getTime() - one.at <= WINDOW_MS);
      blamed = [];
      return [...new Set(recently.map(({ feed }) => feed))];
    },
  };
}
