import { CodedError } from '../errors.ts';

const RETRY_SECONDS = 2;

/**
 * The result of `work`, or `unavailable` when it fails or takes longer than `limitMs`: a reader's page never waits longer,
 * whatever happens to the servers behind.
 */
export async function withDeadline<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    // An answer that lies there already goes first: a process that had no CPU for a while finds both at once.
    timer = setTimeout(() => setImmediate(reject, new Error(`no answer after ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, patience]);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    // What it said is for the log.
    const message = `${what} cannot be used now. Try again in a moment.`;
    throw new CodedError('unavailable', message, { cause: error, retryAfter: RETRY_SECONDS });
  } finally {
    clearTimeout(timer);
  }
}
