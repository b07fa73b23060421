import { SECOND } from './clock.ts';
import { messageOf } from './errors.ts';

/** Closes one thing; `begunAt` is when the closing of all began (ms of performance.now()). */
type Close = (begunAt: number) => Promise<void> | void;

/** Collects what must be closed. Whoever opens a thing registers its closer at once. */
export interface Closers {
  add(name: string, close: Close): void;
  /** Runs the closers, last in, first out, each at most once; a failing one does not stop the others. */
  closeAll(): Promise<void>;
}

export interface Patience {
  /** After this it is said what a stop waits for (ms). */
  readonly lateMs: number;
  /** After this nothing is waited for any more: what is still to be closed begins to, and is left to itself (ms). */
  readonly limitMs: number;
}

const LATE_MS = 10 * SECOND;

/** Each has so long even when time is up: most are done at once, and what is done in order needs no mending. */
const LEAST_MS = 20;

export function openClosers(
  onError: (name: string, message: string) => void,
  { lateMs = LATE_MS, limitMs = Number.POSITIVE_INFINITY }: Partial<Patience> = {},
): Closers {
  const stack: { name: string; close: Close }[] = [];
  let begunAt: number | undefined;

  /** Fails with the closer, or where it has not closed `inMs` from now. */
  async function close(name: string, closing: Promise<void>, inMs: number): Promise<void> {
    const late = setTimeout(() => onError(name, `still open after ${lateMs / SECOND} s; waiting for it`), lateMs);
    let limit: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      if (inMs < Number.POSITIVE_INFINITY)
        limit = setTimeout(reject, inMs, new Error(`still open ${limitMs / SECOND} s after the stop began; given up`));
    });
    try {
      await Promise.race([closing, over]);
    } finally {
      clearTimeout(late);
      clearTimeout(limit);
    }
  }

  return {
    add(name, close) {
      stack.push({ name, close });
    },
    async closeAll() {
      begunAt ??= performance.now();
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { name } = top;
        const left = begunAt + limitMs - performance.now();
        try {
          await close(name, closing(top.close, begunAt), Math.max(LEAST_MS, left));
        } catch (error) {
          onError(name, messageOf(error));
        }
      }
    },
  };
}

/** So that one which fails at once fails as all do. */
const closing = async (close: Close, begunAt: number): Promise<void> => close(begunAt);
