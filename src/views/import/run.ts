import { createHash } from 'node:crypto';
import { SECOND } from '../../clock.ts';
import { detectFormat, openReader } from './format.ts';
import type { ImportOptions, ImportTools } from './import-log.ts';
import { openJudge } from './judge.ts';
import type { KnownImport, KnownImports } from './ledger.ts';
import type { Block } from './lines.ts';
import type { LineReader } from './logged-view.ts';
import { headOf, openRecogniser, type Part, type Recogniser } from './recognise.ts';
import { openSeen } from './seen.ts';
import { openCovered, openSpans } from './spans.ts';
import { openTally, type Tally } from './tally.ts';
import { openTargets } from './targets.ts';
import { openVisitors } from './visitors.ts';

/** How much is lost, and done again, when an import is killed: so much time, or so many counts. */
const COMMIT_AFTER = 10 * SECOND;
const MAX_WAITING = 20_000;

/** One reading of a log, from its beginning. */
export interface Run {
  take(block: Block): Promise<void>;
  /** Commits what was not yet. */
  finish(): Promise<void>;
  tally(): Tally;
}

/** What is known of the content once its first record was read. */
interface Begun {
  readonly head: number;
  readonly known: KnownImports;
  readonly candidates: readonly KnownImport[];
  readonly recogniser: Recogniser;
}

/**
 * `candidates` are the imports that the content may be the same as; asked for where undefined. Throws `Mistaken` before
 * anything is counted when it is none of those that it seemed to be.
 */
export function openRun(
  { ledger, clock, random, isCrawler }: ImportTools,
  name: string,
  options: ImportOptions,
  candidates: readonly KnownImport[] | undefined,
): Run {
  const { source, zone } = options;
  const tally = openTally();
  const spans = openSpans();
  const hash = createHash('sha256');
  const started = clock();
  let position = 0;
  let read: LineReader | undefined;
  let begun: Begun | undefined;
  /** Set once the first line is reached that was not counted before. */
  let goingOn: { id: number | undefined; latest: number; isCovered(at: number): boolean } | undefined;
  let committedAt = started.getTime();

  const judge = openJudge({
    read: (line) => read?.(line) ?? 'invalid',
    targets: openTargets(ledger, options.site),
    visitors: openVisitors(new Uint32Array(new Uint8Array(random(8)).buffer), isCrawler),
    seen: openSeen(),
    tally,
    spans,
    isCovered: (at) => goingOn?.isCovered(at) ?? false,
    since: options.since?.getTime() ?? Number.NEGATIVE_INFINITY,
    until: options.until?.getTime() ?? Number.POSITIVE_INFINITY,
    now: started.getTime(),
  });

  const begin = async (block: Block): Promise<Begun | undefined> => {
    const isRecord = (line: string) => !['invalid', 'heading'].includes(String(read?.(line)));
    const record = block.lines.find(isRecord);
    if (record === undefined) return undefined;
    const head = headOf(record);
    const known = await ledger.begin(head, source);
    const asked = candidates ?? known.sameHead;
    return { head, known, candidates: asked, recogniser: openRecogniser(hash, position, asked) };
  };

  const goOn = ({ known, recogniser }: Begun): void => {
    if (goingOn !== undefined) return;
    const found = recogniser.found();
    if (found !== undefined) spans.goOn(found.spans);
    const others = known.sameSource.filter(({ id }) => id !== found?.id).flatMap((other) => other.spans);
    goingOn = { id: found?.id, latest: known.latest, isCovered: openCovered(others) };
  };

  /** Its rest may still be written: the next run takes it when it is whole. */
  const isUnfinished = (block: Block): boolean => block.isOpen && read?.(block.lines[0] ?? '') === 'invalid';

  const passRubbish = async (block: Block): Promise<void> => {
    hash.update(block.bytes);
    await judge.count(block, position);
    position += block.bytes.length;
  };

  const pass = async (part: Part, from: Begun): Promise<void> => {
    if (!part.isKnown) {
      goOn(from);
      await judge.count(part.block, part.start);
      return;
    }
    const { lines, overlong, bytes } = part.block;
    tally.lines(lines.length + overlong);
    tally.refuse('counted-before', lines.length + overlong);
    const warm = from.candidates.at(-1)?.warm ?? 0;
    if (part.start + bytes.length > warm) await judge.prime(part.block, part.start);
  };

  const commit = async ({ head, recogniser }: Begun): Promise<void> => {
    if (goingOn === undefined) return;
    const { counts, lines, reads, refused } = tally.take();
    committedAt = clock().getTime();
    // What brought no read is not remembered: once its articles are there, or its site is named, it may bring some.
    if (goingOn.id === undefined && reads === 0) return;
    const { id, latest } = await ledger.commit({
      ...{ id: goingOn.id, since: goingOn.latest, head, source, name, lines, refused, counts },
      ...{ position: recogniser.position(), hash: recogniser.hash(), warm: judge.warm(), spans: spans.all() },
    });
    goingOn = { ...goingOn, id, latest };
  };

  return {
    async take(block) {
      if (block.lines.length > 0) read ??= openReader(options.format ?? detectFormat(block.lines), zone);
      if (isUnfinished(block)) return;
      begun ??= await begin(block);
      if (begun === undefined) return await passRubbish(block);
      for (const part of begun.recogniser.take(block)) await pass(part, begun);
      const isDue = clock().getTime() - committedAt >= COMMIT_AFTER || tally.waiting >= MAX_WAITING;
      if (isDue) await commit(begun);
    },
    async finish() {
      if (begun === undefined) return;
      goOn(begun);
      if (tally.waiting > 0 || begun.recogniser.position() > (begun.recogniser.found()?.position ?? 0))
        await commit(begun);
    },
    tally: () => tally.total(),
  };
}
