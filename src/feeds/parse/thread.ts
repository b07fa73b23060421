import { MINUTE } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { openCollector } from '../../even-memory.ts';
import type { ReadResult, ThreadTask } from '../reader.ts';
import { ownThread, steadyNow } from '../thread-time.ts';
import { readFeed } from './read-feed.ts';

const thread = ownThread();
const collect = openCollector();
let collectedAt = steadyNow();

/** What a reading thread does with one body. piscina asks for the default export. */
// biome-ignore lint/style/noDefaultExport: piscina calls a module's default export
export default async function read({ bytes, source, start }: ThreadTask): Promise<ReadResult> {
  collectOnceAMinute();
  start[1] = thread;
  start[0] = steadyNow();
  try {
    return await readFeed(bytes, source);
  } catch (error) {
    return { kind: 'failed', message: `The feed cannot be read: ${messageOf(error)}`, isKilled: false };
  }
}

/**
 * Before a body's time begins: between two of them the thread sleeps, and no timer wakes it. Left to V8 it would fill all of
 * its new space with feeds read long ago, which in a process started for many readers is 60 MB.
 */
function collectOnceAMinute(): void {
  if (steadyNow() - collectedAt < MINUTE) return;
  collect();
  collectedAt = steadyNow();
}
