import { CodedError } from '../../errors.ts';
import { POPULAR_HALF_LIVES, WINDOW_SECONDS, WINDOWS } from '../../views/keys.ts';
import type { ListKind } from '../list.ts';

/** A way to make lists. `newest` is what every site has without counting anything. */
export interface Setting {
  readonly list: ListKind | 'newest';
  readonly setting: string;
  /** Of access lists, in ms. */
  readonly window?: number;
  /** Of popular lists, in hours; `chosen`: each category's by its volume, as newsrank does. */
  readonly halfLife?: number | 'chosen';
}

const LONGEST = 7 * 24;
const MOST = 12;

/** Half-lives in hours, as `1h,2h` or `1,2` says them. Throws `usage-invalid`. */
export function halfLivesIn(text: string | undefined): number[] {
  const hours = (text ?? '').split(',').filter((part) => part.trim() !== '');
  const found = hours.map((part) => Number(/^\s*(\d+(?:\.\d+)?)h?\s*$/.exec(part)?.[1] ?? Number.NaN));
  if (found.length <= MOST && found.every((it) => it >= 0.25 && it <= LONGEST)) return found;
  throw new CodedError(
    'usage-invalid',
    `Half-lives are ${MOST} at most, of 0.25 to ${LONGEST} hours, such as 1h,2h,8h.`,
  );
}

/** All that is tried out: what newsrank can be set to, and the half-lives that were asked for. */
export function settingsOf(halfLives: readonly number[]): readonly Setting[] {
  const hours = [...new Set([...POPULAR_HALF_LIVES, ...halfLives])];
  return [
    { list: 'newest', setting: '-' },
    ...WINDOWS.map((window) => ({ list: 'access', setting: window, window: WINDOW_SECONDS[window] * 1000 }) as const),
    ...hours.sort((a, b) => a - b).map((halfLife) => ({ list: 'popular', setting: `${halfLife}h`, halfLife }) as const),
    { list: 'popular', setting: 'chosen', halfLife: 'chosen' },
    { list: 'rising', setting: '-' },
  ];
}
