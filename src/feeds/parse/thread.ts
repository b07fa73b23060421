import { messageOf } from '../../errors.ts';
import type { ReadResult, ThreadTask } from '../reader.ts';
import { readFeed } from './read-feed.ts';

/** What a reading thread does with one body. piscina asks for the default export. */
// biome-ignore lint/style/noDefaultExport: piscina calls a module's default export
export default async function read({ bytes, source, startedAt }: ThreadTask): Promise<ReadResult> {
  startedAt[0] = Date.now();
  try {
    return await readFeed(bytes, source);
  } catch (error) {
    return { kind: 'failed', message: `The feed cannot be read: ${messageOf(error)}`, isKilled: false };
  }
}
