import { DAY, HOUR, MINUTE, SECOND } from '../clock.ts';
import type { FailureClass } from './feed.ts';

/** `first`: the longest that the first retry waits; each further one waits twice as long, up to `most`. */
const RULES: Readonly<Record<FailureClass, { readonly first: number; readonly most: number }>> = {
  // What passes by itself is tried again soon.
  dns: { first: 5 * MINUTE, most: DAY },
  connect: { first: 5 * MINUTE, most: DAY },
  timeout: { first: 10 * MINUTE, most: DAY },
  'http-5xx': { first: 10 * MINUTE, most: DAY },
  tls: { first: HOUR, most: DAY },
  // What somebody has to mend.
  'http-4xx': { first: HOUR, most: 7 * DAY },
  'not-a-feed': { first: HOUR, most: DAY },
  parse: { first: HOUR, most: DAY },
  'too-large': { first: HOUR, most: DAY },
  'redirect-loop': { first: HOUR, most: DAY },
  'blocked-address': { first: HOUR, most: DAY },
};

const JITTER = 0.2;

/**
 * Seconds to wait after the `failures`-th failure in a row. A feed that is polled often is tried again as often at first,
 * so that a lively one is not lost for an hour by one wrong answer.
 */
export function backoffSeconds(
  failure: FailureClass,
  failures: number,
  intervalSeconds: number,
  random: () => number,
): number {
  const { first, most } = RULES[failure];
  const base = Math.min(first / SECOND, intervalSeconds);
  const doubled = base * 2 ** Math.min(Math.max(failures, 1) - 1, 40);
  return Math.min(doubled, most / SECOND) * (1 - JITTER + 2 * JITTER * random());
}
