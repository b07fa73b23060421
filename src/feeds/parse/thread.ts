import { MINUTE } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { collectEvery } from '../../even-memory.ts';
import type { ReadResult, ThreadTask } from '../reader.ts';
import { ownThread, steadyNow } from '../thread-time.ts';
import { readFeed } from './read-feed.ts';

const thread = ownThread();

// It waits more than it reads: left to V8, it would hold 50 MB of feeds read long ago, and give them up once in half an hour.
collectEvery(MINUTE);

/** What a reading thread does with one body. piscina asks for the default export. */
// biome-ignore lint/style/noDefaultExport: piscina calls a module's default export
export default async function read({ bytes, source, start }: ThreadTask): Promise<ReadResult> {
  start[1] = thread;
  start[0] = steadyNow();
  try {
    return await readFeed(bytes, source);
  } catch (error) {
    return { kind: 'failed', message: `The feed cannot be read: ${messageOf(error)}`, isKilled: false };
  }
}
