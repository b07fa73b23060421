import type { FeedId } from '../ids.ts';
import type { PollLine } from './save-poll.ts';

/** Gathers polls that ended about the same time, so that one statement writes them: it costs little more than for one. */
export interface PollSaver {
  /** Settles when the poll is written: true, or false where the lease was no longer its own. */
  add(line: PollLine): Promise<boolean>;
}

interface Waiting {
  readonly line: PollLine;
  resolve(isSaved: boolean): void;
  reject(error: unknown): void;
}

const MAX_BATCH = 500;

/** `save` writes one batch at a time; while it does, the next one grows. */
export function openPollSaver(
  save: (lines: readonly PollLine[]) => Promise<ReadonlySet<FeedId>>,
  gatherMs: number,
): PollSaver {
  const queue: Waiting[] = [];
  let isRunning = false;

  const run = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    while (queue.length > 0) await saveBatch(save, takeBatch(queue));
    // In the same turn as the last look at the queue, or a poll added in between would lie there for ever.
    isRunning = false;
  };

  return {
    add(line) {
      return new Promise((resolve, reject) => {
        queue.push({ line, resolve, reject });
        if (isRunning) return;
        isRunning = true;
        void run();
      });
    },
  };
}

/** Never two polls of one feed: which of them were written could not be told by its id. */
function takeBatch(queue: Waiting[]): Waiting[] {
  const feeds = new Set<FeedId>();
  const end = queue.findIndex(({ line }) => feeds.size === MAX_BATCH || feeds.size === feeds.add(line.feed).size);
  return queue.splice(0, end === -1 ? queue.length : end);
}

async function saveBatch(
  save: (lines: readonly PollLine[]) => Promise<ReadonlySet<FeedId>>,
  batch: readonly Waiting[],
): Promise<void> {
  try {
    const saved = await save(batch.map(({ line }) => line));
    for (const { line, resolve } of batch) resolve(saved.has(line.feed));
  } catch (error) {
    if (batch.length === 1) for (const { reject } of batch) reject(error);
    // One that cannot be written costs itself, never the others.
    else await Promise.all(batch.map((one) => saveBatch(save, [one])));
  }
}
