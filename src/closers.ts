import { messageOf } from './errors.ts';

/** Collects what must be closed. Whoever opens a thing registers its closer at once. */
export interface Closers {
  add(name: string, close: () => Promise<void> | void): void;
  /** Runs the closers, last in, first out, each at most once; a failing one does not stop the others. */
  closeAll(): Promise<void>;
}

export function openClosers(onError: (name: string, message: string) => void): Closers {
  const stack: { name: string; close: () => Promise<void> | void }[] = [];
  return {
    add(name, close) {
      stack.push({ name, close });
    },
    async closeAll() {
      for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
        try {
          await top.close();
        } catch (error) {
          onError(top.name, messageOf(error));
        }
      }
    },
  };
}
