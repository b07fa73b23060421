import { SECOND } from '../clock.ts';

/** Resolves once the process that started this one has ended. */
export function parentEnds(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, SECOND / 4).unref();
  });
}
