import { HOUR, MINUTE } from '../../clock.ts';

/** A stretch of time of which a log told, in milliseconds since 1970, both ends included. */
export type Span = readonly [from: number, until: number];

/** A silence so long ends a stretch, so that one line with a wrong time does not cover the years between. */
const GAP = HOUR;
/** Beyond any log; hostile times shall not fill the memory. */
const MAX_SPANS = 10_000;
/** Servers note when a request began but write when it ended: the next file may begin with lines so much older. */
const SLOW_REQUESTS = MINUTE;

/** Gathers the stretches of time that lines tell of. */
export interface SpanGatherer {
  add(at: number): void;
  /** Puts what is known already before what was gathered. */
  goOn(before: readonly Span[]): void;
  all(): readonly Span[];
}

export function openSpans(): SpanGatherer {
  const spans: [number, number][] = [];
  const isNear = (at: number, [from, until]: Span): boolean => at >= from - GAP && at <= until + GAP;
  let current: [number, number] | undefined;
  /** One near by, or a new one. */
  const spanAt = (at: number): [number, number] | undefined => {
    const near = spans.findLast((span) => isNear(at, span));
    if (near !== undefined || spans.length >= MAX_SPANS) return near;
    const fresh: [number, number] = [at, at];
    spans.push(fresh);
    return fresh;
  };
  return {
    goOn(before) {
      spans.unshift(...before.map(([from, until]): [number, number] => [from, until]));
    },
    add(at) {
      if (current === undefined || !isNear(at, current)) current = spanAt(at);
      if (current === undefined) return;
      if (at < current[0]) current[0] = at;
      if (at > current[1]) current[1] = at;
    },
    all: () => spans,
  };
}

/**
 * Whether a line is of a time that other imports of the source told of already. A log that begins where another ended,
 * as rotated files do, follows that one: slow requests at its start are not taken for a repetition.
 */
export function openCovered(others: readonly Span[]): (at: number) => boolean {
  let spans: readonly Span[] | undefined;
  let last: Span | undefined;
  return (at) => {
    spans ??= joined(others).filter(([from, until]) => at < from || at < until - SLOW_REQUESTS);
    if (last !== undefined && isWithin(at, last)) return true;
    last = spans.find((span) => isWithin(at, span));
    return last !== undefined;
  };
}

/** In order of time, those that follow each other as one. */
function joined(spans: readonly Span[]): Span[] {
  const all: [number, number][] = [];
  for (const [from, until] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1] + SLOW_REQUESTS) last[1] = Math.max(last[1], until);
    else all.push([from, until]);
  }
  return all;
}

/** Not at its first moment: the log before may have ended with it. */
const isWithin = (at: number, [from, until]: Span): boolean => at > from && at <= until;
