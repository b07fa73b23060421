import { once } from 'node:events';
import { CodedError, messageOf } from '../errors.ts';
import { startThread } from '../thread.ts';
import type { ValkeyReady } from './valkey-thread.ts';

/**
 * Valkey inside this process, in a thread of its own, in memory only: what it held is gone when it is closed. `onDeath`
 * is called when the thread ends unasked; nothing that uses this Valkey works from then on.
 */
export async function startValkey(
  onDeath: (error: Error) => void = () => {},
): Promise<{ url: string; close(): Promise<void> }> {
  const thread = startThread(new URL('./valkey-thread.ts', import.meta.url), { name: 'valkey' });
  let failure: Error | undefined;
  let isClosing = false;
  thread.on('error', (error) => {
    failure = error;
  });
  const ended = once(thread, 'exit').then(() => failure ?? new Error('its thread ended'));
  const first = await Promise.race([once(thread, 'message'), ended]);
  if (first instanceof Error) {
    const message = `The embedded Valkey does not start (${messageOf(first)}). Set REDIS_URL to use a server instead.`;
    throw new CodedError('redis-unreachable', message, { cause: first });
  }
  const { port, password }: ValkeyReady = first[0];
  void ended.then((error) => {
    if (!isClosing) onDeath(error);
  });
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    async close() {
      isClosing = true;
      thread.postMessage('stop');
      await ended;
    },
  };
}
