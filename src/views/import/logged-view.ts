/** A view as a line tells of it. */
export interface LoggedView {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The article's id, its URL, or (in an access log) its path on the site; one character a byte. */
  readonly target: string;
  /** Who looked: an address, or a name that the line gives; undefined where it tells nothing, so that each view counts. */
  readonly visitor: string | undefined;
  /** The visitor's program. Undefined where the format has no place for it; empty where it was not sent. */
  readonly agent: string | undefined;
  readonly isBox: boolean;
}

/** Why a line did not become a read. */
export const REFUSALS = [
  'invalid',
  'other-request',
  'bot',
  'out-of-range',
  'counted-before',
  'unknown-article',
  'duplicate',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/**
 * Reads one line; never throws. `invalid`: it makes no sense. `other-request`: it is no page that was shown (another
 * method than GET, another status than 200 and 304). `heading`: it names the columns of those that follow.
 */
export type LineReader = (line: string) => LoggedView | 'invalid' | 'other-request' | 'heading';
