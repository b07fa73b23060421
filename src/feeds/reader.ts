import { Piscina } from 'piscina';
import { messageOf } from '../errors.ts';
import { threadFlags } from '../thread.ts';
import type { ParsedFeed } from './entry.ts';
import type { PageLinks } from './parse/page-links.ts';
import { type ThreadTime, threadTime } from './thread-time.ts';
import { type Allowance, type Reading, watchReading } from './watch-reading.ts';

/** What is known of a body beside its bytes. */
export interface FeedSource {
  readonly contentType: string | null;
  /** Where the body came from in the end: relative links are resolved against it. */
  readonly url: string;
  /** Zone of dates that name none, as `Asia/Tokyo` or `+09:00`. */
  readonly defaultZone: string | null;
}

export type ReadResult =
  | { readonly kind: 'feed'; readonly feed: ParsedFeed }
  /** Something else than a feed; the message says what it seems to be, `page` which feeds a page links to. */
  | { readonly kind: 'not-a-feed'; readonly message: string; readonly page?: PageLinks }
  /** `isKilled` where the body took its thread down with it: a strike against the feed. */
  | { readonly kind: 'failed'; readonly message: string; readonly isKilled: boolean };

/** Reads feeds in threads of its own, so that no body, however hostile, blocks or ends the process. */
export interface FeedReader {
  /** Reads one body; never throws. */
  read(bytes: Uint8Array, source: FeedSource): Promise<ReadResult>;
  /** Ends all threads; what is still being read fails. */
  close(): Promise<void>;
}

export interface FeedReaderOptions {
  readonly threads: number;
  /** CPU time that one body may take: that a busy machine gave its thread none is no fault of the feed's. */
  readonly timeoutMs?: number;
  /** For how long a thread is waited for at most, counted from the moment it starts on a body. */
  readonly patienceMs?: number;
  readonly threadTime?: ThreadTime;
  readonly maxHeapMb?: number;
  /** Hears how long each body took, the wait for a thread included, and what ended its thread, if anything did. */
  readonly onRead?: NoteRead;
}

/** What took a body's thread down. */
export const KILLED_BY = ['timeout', 'memory', 'crash'] as const;
type KilledBy = (typeof KILLED_BY)[number];
export type NoteRead = (ms: number, killedBy: KilledBy | undefined) => void;

/** What goes to the thread. */
export interface ThreadTask {
  readonly bytes: Uint8Array;
  readonly source: FeedSource;
  readonly start: Float64Array;
}

const THREAD = new URL('./parse/thread.ts', import.meta.url);
const IDLE_MS = 60_000;
/** Together with the longest fetch less than the lease of a poll. */
const PATIENCE_MS = 25_000;

/** Opens the pool. The first thread starts with the first read, further ones as reads queue up. */
export function openFeedReader(options: FeedReaderOptions): FeedReader {
  const timeoutMs = options.timeoutMs ?? 5000;
  const allowance = {
    cpuMs: timeoutMs,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    threadTime: options.threadTime ?? threadTime,
  };
  let pool: Piscina<ThreadTask, ReadResult> | undefined;
  let isClosed = false;

  const openPool = () =>
    new Piscina<ThreadTask, ReadResult>({
      filename: THREAD.href,
      minThreads: 1,
      maxThreads: Math.max(1, options.threads),
      idleTimeout: IDLE_MS,
      execArgv: threadFlags(THREAD),
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 192, maxYoungGenerationSizeMb: 32 },
    });

  return {
    async read(bytes, source) {
      if (isClosed) return { kind: 'failed', message: 'The reader is closed.', isKilled: false };
      pool ??= openPool();
      const watch = watchReading(allowance);
      const began = performance.now();
      let killedBy: KilledBy | undefined;
      try {
        return await pool.run({ bytes, source, start: watch.start }, { signal: watch.signal });
      } catch (error) {
        const reason = reasonOf(error, watch);
        const isKilled = watch.start[0] !== 0 && !isClosed;
        if (isKilled) killedBy = reason;
        const message = messageFor(reason, error, watch, allowance);
        return { kind: 'failed', message, isKilled: isKilled && !watch.isStarved() };
      } finally {
        options.onRead?.(performance.now() - began, killedBy);
        watch.stop();
      }
    },
    async close() {
      isClosed = true;
      await pool?.destroy();
    },
  };
}

function reasonOf(error: unknown, { signal }: Reading): KilledBy {
  if (signal.aborted) return 'timeout';
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash';
}

function messageFor(reason: KilledBy, error: unknown, watch: Reading, { cpuMs, patienceMs }: Allowance): string {
  if (watch.isStarved()) {
    return `This machine is too busy: reading was not done after ${patienceMs / 1000} s, most of them spent waiting for a CPU.`;
  }
  if (reason === 'timeout') return `Reading took longer than ${cpuMs / 1000} s.`;
  if (reason === 'memory') return 'Reading took too much memory.';
  return `The reading thread ended: ${messageOf(error)}`;
}
