import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Metrics } from '../metrics.ts';
import type { Snapshot } from '../ranking/list.ts';
import type { Lists } from './lists.ts';
import { openMeasure } from './measure.ts';
import { type ReadyAnswer, sendReady } from './ready-answer.ts';

export const RANKINGS_ROUTE = '/v1/rankings/:kind';

/** Addresses whose answers are kept: of lists, and of a snapshot of one, as far as they are of a decent length. */
const MAX_ADDRESSES = 5000;
const MAX_ADDRESSES_OF_ONE = 100;
const MAX_LENGTH = 256;

/** The answers of a snapshot without an excluded article: one for each limit, by all addresses that asked for it. */
interface Answers {
  readonly byLimit: Map<number, ReadyAnswer>;
  readonly byAddress: Map<string, ReadyAnswer>;
}

/** What was asked: the address as it was written, the list's name and the snapshot that was found, and its limit. */
export interface AskedList {
  readonly address: string;
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly limit: number;
}

export interface ListDesk {
  /** Answers at once what was asked for in the same words since the list was read; else gives false. */
  take(request: IncomingMessage, response: ServerResponse): boolean;
  /** The answer for the limit, made where it is the first; from now on for this address as well. */
  keep(asked: AskedList, make: () => ReadyAnswer): ReadyAnswer;
}

/**
 * The ready answers of lists. What is read most is asked for in the same words all the time: such a request gets its
 * answer by its address alone, from Node's own request and response. Routing, and what a framework makes of the two, took
 * half of what a list costs.
 */
export function openListDesk(
  lists: Pick<Lists, 'fresh'>,
  metrics: Pick<Metrics, 'httpDuration' | 'onSettle'>,
): ListDesk {
  const measure = openMeasure(metrics)('GET', RANKINGS_ROUTE);
  const answers = new WeakMap<Snapshot, Answers>();
  /** Names of lists by address. */
  const names = new LRUCache<string, string>({ max: MAX_ADDRESSES });

  function answerTo({ method, url = '' }: IncomingMessage): ReadyAnswer | undefined {
    const name = method === 'GET' ? names.get(url) : undefined;
    const snapshot = name === undefined ? undefined : lists.fresh(name);
    return snapshot && answers.get(snapshot)?.byAddress.get(url);
  }

  return {
    take(request, response) {
      const startedAt = performance.now();
      const answer = answerTo(request);
      if (answer === undefined) return false;
      sendReady(request, response, answer);
      measure(response.statusCode, performance.now() - startedAt);
      return true;
    },
    keep({ address, name, snapshot, limit }, make) {
      const { byLimit, byAddress } = answers.get(snapshot) ?? { byLimit: new Map(), byAddress: new Map() };
      answers.set(snapshot, { byLimit, byAddress });
      const answer = byLimit.get(limit) ?? make();
      byLimit.set(limit, answer);
      if (address.length <= MAX_LENGTH && byAddress.size < MAX_ADDRESSES_OF_ONE) {
        names.set(address, name);
        byAddress.set(address, answer);
      }
      return answer;
    },
  };
}
