import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Role } from '../config/settings.ts';
import { MINUTE } from './clock.ts';
import type { Closers } from './closers.ts';

/**
 * Has V8 collect all garbage once a minute, in processes that answer no reader. They do little and often: what a ranker or
 * a scheduler keeps from one tick to the next has grown old when it goes, and V8 by itself collects what is old once in half
 * an hour, from a process that holds a third more by then. Who watches their memory could not tell that from a leak. A
 * process that answers readers has garbage enough to be collected every few seconds.
 */
export function keepMemoryEven(roles: ReadonlySet<Role>, closers: Closers, every = MINUTE): void {
  if (roles.has('api')) return;
  const timer = setInterval(openCollector(), every).unref();
  closers.add('collecting of garbage', () => clearInterval(timer));
}

/**
 * What collects all garbage of this thread, in some 20 ms, and moves together what lives: left where it is, it holds a page
 * for every few objects, and a heap of 21 MB stands anywhere between 25 and 34.
 */
export function openCollector(): () => void {
  setFlagsFromString('--expose-gc');
  // Of a context made after the flag was set: only there it is.
  const collectGarbage: () => void = runInNewContext('gc');
  return () => {
    // For this collection only: those that V8 makes by itself, in a thread that answers readers, must not take as long.
    setFlagsFromString('--compact-on-every-full-gc');
    collectGarbage();
    setFlagsFromString('--no-compact-on-every-full-gc');
  };
}
