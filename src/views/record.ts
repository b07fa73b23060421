import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { keysOf } from './keys.ts';
import { COUNT_PENDING } from './pending.ts';
import { joined, openingOf } from './script-arguments.ts';
import type { Channel, DEFAULT_CLASS } from './view-class.ts';

/** A view that is a read unless its visitor was there before. All reads of one batch belong to one shard. */
export interface Read {
  readonly article: ArticleId;
  readonly categories: readonly CategorySlug[];
  readonly at: Date;
  /** The reporter named the time, so the same report may come again days later. */
  readonly isTimeNamed: boolean;
  readonly isBox: boolean;
  /** visitorHash of its own day. */
  readonly visitor: string;
  /** In the first half-hour of a day, visitorHash of the day before: the half-hour before midnight was counted by it. */
  readonly visitorBefore: string | undefined;
  /** How it was reported, where not as nearly all are. */
  readonly channel?: Exclude<Channel, typeof DEFAULT_CLASS> | undefined;
  /** Where it came from, where that is to be weighed (network.ts). */
  readonly origin?: string | undefined;
}

/** Whether a read counted; `damped` when it was not seen before, but its network has given its share of the article. */
export type Recorded = boolean | 'damped';

/** Measured: 200 reads block Redis for about 1.5 ms; larger batches gain little and are felt by everybody else. */
export const MAX_BATCH = 200;

const PARTS = ['open-shard.lua', 'crowd.lua', 'seen.lua', 'record.lua'];
const script = readScript(...COUNT_PENDING, ...PARTS.map((part) => new URL(part, import.meta.url)));

/** Records up to MAX_BATCH reads of one shard in one call; they are counted later (pending.ts). Tells for each what became of it. */
export async function recordReads(
  redis: RedisClient,
  shard: number,
  now: Date,
  reads: readonly Read[],
  weighedPerAddress = 0,
): Promise<Recorded[]> {
  const args = [...openingOf(now), weighedPerAddress];
  const groups = byArticle(reads);
  addRows(args, groups, reads, now);
  const reply = String(await runScript(redis, script, keysOf(shard).scripted, args));
  const recorded = Array<Recorded>(reads.length);
  let row = 0;
  for (const { indexes } of groups)
    for (const index of indexes) recorded[index] = RECORDED[reply[row++] ?? ''] ?? false;
  return recorded;
}

/** A time is said where it is not that of the row before: most reads of a call came at the same moment (noted-read.ts). */
function addRows(args: (string | number)[], groups: readonly Group[], reads: readonly Read[], now: Date): void {
  let latest: number | undefined;
  for (const { article, list, indexes } of groups) {
    args.push(article, joined(list), indexes.length);
    for (const index of indexes) {
      const read = reads[index] as Read;
      const ago = now.getTime() - read.at.getTime();
      if (ago !== latest) args.push(`@${ago}`);
      latest = ago;
      const special = specialOf(read);
      if (special !== undefined) args.push(special);
      args.push(read.visitor);
    }
  }
}

const RECORDED: Readonly<Record<string, Recorded>> = { 0: false, 1: true, 2: 'damped' };

interface Group {
  readonly article: ArticleId;
  readonly list: readonly CategorySlug[];
  readonly indexes: number[];
}

/** An article is sent once for all its reads; twice, where its categories changed meanwhile. */
function byArticle(reads: readonly Read[]): Group[] {
  const groups: Group[] = [];
  const latest = new Map<ArticleId, Group>();
  for (let index = 0; index < reads.length; index++) {
    const { article, categories: list } = reads[index] as Read;
    let group = latest.get(article);
    // Nearly always the very same list, as the catalogue remembers it.
    if (group === undefined || (group.list !== list && joined(group.list) !== joined(list))) {
      group = { article, list, indexes: [] };
      latest.set(article, group);
      groups.push(group);
    }
    group.indexes.push(index);
  }
  return groups;
}

/** What the script must know beside time and visitor; of most reads nothing. */
function specialOf({ isBox, isTimeNamed, visitorBefore, channel, origin }: Read): string | undefined {
  if (!isBox && !isTimeNamed && visitorBefore === undefined && channel === undefined && origin === undefined) return;
  return `*${isBox ? 1 : 0},${isTimeNamed ? 1 : ''},${visitorBefore ?? ''},${channel ?? ''},${origin ?? ''}`;
}
