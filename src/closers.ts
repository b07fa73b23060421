import { SECOND } from './clock.ts';
import { messageOf } from './errors.ts';

/** Collects what must be closed. Whoever opens a thing registers its closer at once. */
export interface Closers {
  add(name: string, close: () => Promise<void> | void): void;
  /** Runs the closers, last in, first out, each at most once; a failing one does not stop the others. */
  closeAll(): Promise<void>;
}

/** After this it is said what a stop waits for. */
const LATE_MS = 10 * SECOND;

export function openClosers(onError: (name: string, message: string) => void, lateMs = LATE_MS): Closers {
  const stack: { name: string; close: () => Promise<void> | void }[] = [];
  return {
    add(name, close) {
      stack.push({ name, close });
    },
    async closeAll() {
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        const { name } = top;
        const late = setTimeout(() => onError(name, `still open after ${lateMs / SECOND} s; waiting for it`), lateMs);
        try {
          await top.close();
        } catch (error) {
          onError(name, messageOf(error));
        } finally {
          clearTimeout(late);
        }
      }
    },
  };
}
