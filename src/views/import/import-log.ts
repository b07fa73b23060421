import type { Clock } from '../../clock.ts';
import { CodedError } from '../../errors.ts';
import type { CrawlerCheck } from '../crawlers.ts';
import type { Format } from './formats.ts';
import type { ImportLedger, KnownImport } from './ledger.ts';
import { blocksOf } from './lines.ts';
import { Mistaken } from './recognise.ts';
import { openRun } from './run.ts';
import type { Tally } from './tally.ts';
import { unpack } from './unpack.ts';

/**
 * Imports views from a log that others kept, at any size: blocks of whole lines are parsed, their targets looked up, and
 * reads summed by article and slot until they are committed with the position in the log (store.ts). Memory holds one
 * block, the visitors of the last half-hours, and the targets seen lately. docs/import.md says what is guaranteed.
 */
export interface ImportTools {
  readonly ledger: ImportLedger;
  readonly clock: Clock;
  /** Whether an address is one that a search engine or the like crawls from. */
  readonly isCrawler?: CrawlerCheck;
  /** Keys for hashes that die with the import. */
  readonly random: (bytes: number) => Buffer;
  /** Told after each block, some thousand lines. */
  readonly onProgress?: (tally: Tally) => void;
}

export interface Log {
  readonly name: string;
  /** Its bytes from the beginning, packed or not. Undefined at a second call for what is piped in. */
  open(): AsyncIterable<Buffer> | undefined;
}

export interface ImportOptions {
  /** Logs of one source follow each other in time: what one told of is not counted from another. '' for none. */
  readonly source: string;
  /** `https://news.example`, for logs that tell paths only. */
  readonly site: string | undefined;
  readonly format: Format | undefined;
  /** Time zone of times that name none. */
  readonly zone: string;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

/**
 * Counts the views that a log tells of, at their own times, each part of it once; gives what became of its lines. May be
 * killed at any time and begun again. Throws CodedError `log-unreadable`, `import-running` or `usage-invalid`; what was
 * committed by then stays.
 */
export async function importLog(tools: ImportTools, log: Log, options: ImportOptions): Promise<Tally> {
  let candidates: readonly KnownImport[] | undefined;
  for (;;) {
    const chunks = log.open();
    if (chunks === undefined) {
      throw new CodedError(
        'log-unreadable',
        'It begins as a log that was imported before and goes on differently. Give it as a file, so that it can be read twice.',
      );
    }
    try {
      return await readThrough(tools, log.name, chunks, options, candidates);
    } catch (error) {
      if (!(error instanceof Mistaken)) throw error;
      candidates = error.left;
    }
  }
}

async function readThrough(
  tools: ImportTools,
  name: string,
  chunks: AsyncIterable<Buffer>,
  options: ImportOptions,
  candidates: readonly KnownImport[] | undefined,
): Promise<Tally> {
  const run = openRun(tools, name, options, candidates);
  try {
    for await (const block of blocksOf(unpack(chunks))) {
      await run.take(block);
      tools.onProgress?.(run.tally());
    }
  } catch (error) {
    // What came before the break is whole.
    if (error instanceof CodedError && error.code === 'log-unreadable') await run.finish();
    throw error;
  }
  await run.finish();
  return run.tally();
}
