import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { LRUCache } from 'lru-cache';
import type { Resolve } from './address-guard.ts';

type Callback = Parameters<Resolve>[2];

interface Question {
  readonly ask: () => void;
  readonly callbacks: Callback[];
  readonly askedAt: number;
}

/** The system resolves in threads of its own, four as a rule, which files and compression need too. */
const MAX_AT_ONCE = 8;
/** A question that has waited this long for a thread has been given up by whoever asked. */
const PATIENCE_MS = 3000;
/** Short, since dns.lookup does not tell how long an answer holds. */
const KEEP_MS = 30_000;
const MAX_NAMES = 10_000;

function tooLate(): NodeJS.ErrnoException {
  return Object.assign(new Error('The name server did not answer in time.'), { code: 'EDNSTIMEOUT' });
}

/**
 * The same look-up, with a bound on what a slow name server can hold up: so many questions at once, one for each name
 * however many ask, and answers kept for half a minute. A look-up cannot be told to stop; here it takes a place until
 * it ends by itself, so that a name whose server is silent never holds more than one. Answers are checked by the guard
 * each time that they are used, kept or not: nothing lies between that check and the connection.
 */
export function shareLookups(resolve: Resolve, maxAtOnce = MAX_AT_ONCE, now = () => performance.now()): Resolve {
  const known = new LRUCache<string, readonly LookupAddress[]>({
    max: MAX_NAMES,
    ttl: KEEP_MS,
    ttlResolution: 0,
    perf: { now },
  });
  const lookUp = queued(resolve, maxAtOnce, now, (key, addresses) => known.set(key, addresses));
  return (hostname, options, callback) => {
    const key = JSON.stringify([hostname.toLowerCase(), options.family ?? 0, options.hints ?? 0, options.order ?? '']);
    const kept = known.get(key);
    // Never in the caller's own turn, as with dns.lookup.
    if (kept !== undefined) queueMicrotask(() => callback(null, [...kept]));
    else lookUp(key, hostname, options, callback);
  };
}

function queued(
  resolve: Resolve,
  maxAtOnce: number,
  now: () => number,
  keep: (key: string, addresses: readonly LookupAddress[]) => void,
): (key: string, ...question: Parameters<Resolve>) => void {
  const asked = new Map<string, Question>();
  const waiting: string[] = [];
  let running = 0;

  const settle = (key: string, error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
    const question = asked.get(key);
    asked.delete(key);
    if (error === null && addresses.length > 0) keep(key, addresses);
    for (const callback of question?.callbacks ?? []) callback(error, addresses);
  };

  const next = () => {
    while (running < maxAtOnce) {
      const key = waiting.shift();
      if (key === undefined) return;
      const question = asked.get(key);
      if (question !== undefined && now() - question.askedAt <= PATIENCE_MS) {
        running += 1;
        question.ask();
      } else settle(key, tooLate(), []);
    }
  };

  const ask = (key: string, hostname: string, options: LookupAllOptions) =>
    resolve(hostname, options, (error, addresses) => {
      running -= 1;
      settle(key, error, addresses ?? []);
      next();
    });

  return (key, hostname, options, callback) => {
    const same = asked.get(key);
    if (same !== undefined) {
      same.callbacks.push(callback);
      return;
    }
    asked.set(key, { ask: () => ask(key, hostname, options), callbacks: [callback], askedAt: now() });
    waiting.push(key);
    next();
  };
}
