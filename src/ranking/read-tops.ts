import type { RedisClient } from '../engines/redis.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';
import { POPULAR_HALF_LIFE, timelessScore } from './popular.ts';
import { askShard } from './shard.ts';
import { byPlace, DEPTH, type Entry, mergeTops, TOP_NAMES, type TopName, type Tops, topsOf } from './top.ts';

/**
 * Entries first asked of each shard: a sixteenth of the best 60 is about four, seldom more than twelve. A shard that
 * may hold more of the list is asked again, so the result is exact however the articles lie.
 */
const FIRST_READ = 12;
const GROWTH = 4;

/** Categories read at a time: 1,600 small commands over all shards, so that nobody else waits long behind them. */
const CHUNK = 20;

/** Readings of one shard after which a landmark that keeps moving is taken for a fault. */
const MAX_READINGS = 10;

const LANDMARK = `L:${POPULAR_HALF_LIFE * 60}`;

interface List {
  readonly category: CategorySlug;
  readonly name: TopName;
  readonly parts: readonly Part[];
  merged: readonly Entry[];
}

/** What one shard holds of one list, as far as it was read. */
interface Part {
  readonly shard: number;
  readonly list: Pick<List, 'category' | 'name'>;
  limit: number;
  entries: readonly Entry[];
  /** The last entry read, where the shard may hold more behind it. */
  cutAt: Entry | undefined;
}

/** The tops of each category, exact over all shards; those of popular hold only articles that `isEligible` accepts. */
export async function readTops(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  isEligible: (article: ArticleId) => boolean,
): Promise<Map<CategorySlug, Tops>> {
  const tops: [CategorySlug, Tops][] = [];
  for (let from = 0; from < categories.length; from += CHUNK) {
    tops.push(...(await readChunk(redis, categories.slice(from, from + CHUNK), isEligible)));
  }
  return new Map(tops);
}

async function readChunk(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  isEligible: (article: ArticleId) => boolean,
): Promise<[CategorySlug, Tops][]> {
  const scopes = categories.map((category) => ({
    category,
    lists: TOP_NAMES.map((name) => openList(category, name)),
  }));
  const lists = scopes.flatMap((scope) => scope.lists);
  let open = lists.flatMap((list) => list.parts);
  while (open.length > 0) {
    const byShard = groupBy(open, (part) => part.shard);
    await Promise.all([...byShard].map(([shard, parts]) => readShard(redis, shard, parts, isEligible)));
    const touched = new Set(open.map((part) => part.list));
    open = lists.filter((list) => touched.has(list)).flatMap(mergeParts);
  }
  await addReads(redis, lists);
  return scopes.map(({ category, lists }) => [
    category,
    topsOf((name) => lists.find((list) => list.name === name)?.merged ?? []),
  ]);
}

function openList(category: CategorySlug, name: TopName): List {
  const parts: Part[] = [];
  const list: List = { category, name, parts, merged: [] };
  for (const shard of ALL_SHARDS) parts.push({ shard, list, limit: FIRST_READ, entries: [], cutAt: undefined });
  return list;
}

/** Merges what was read; gives the parts to read deeper: those that were cut off above the place of the list's last. */
function mergeParts(list: List): Part[] {
  list.merged = mergeTops(list.parts.map((part) => part.entries));
  const last = list.merged[DEPTH - 1];
  const open = list.parts.filter(
    ({ cutAt }) => cutAt !== undefined && (last === undefined || byPlace(cutAt, last) < 0),
  );
  for (const part of open) part.limit *= GROWTH;
  return open;
}

async function readShard(
  redis: RedisClient,
  shard: number,
  parts: readonly Part[],
  isEligible: (article: ArticleId) => boolean,
): Promise<void> {
  const { marks, window, popular } = keysOf(shard);
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    const replies = await askShard(redis, (pipeline) => {
      pipeline.hget(marks, LANDMARK);
      for (const { list, limit } of parts) {
        const { category, name } = list;
        const key = name === 'popular' ? popular(category, POPULAR_HALF_LIFE) : window(name, category);
        pipeline.zrevrange(key, 0, limit - 1, 'WITHSCORES');
      }
      pipeline.hget(marks, LANDMARK);
    });
    // A pipeline is not atomic, and a transaction this long would hold everyone up. A landmark moves about once in 50
    // days; scores read while it does are of two kinds, so they are read again.
    const landmark = replies[0];
    if (replies.at(-1) !== landmark) continue;
    parts.forEach((part, index) => {
      takeReply(part, replies[index + 1] as string[], Number(landmark ?? 0), isEligible);
    });
    return;
  }
  throw new Error(`the landmark of shard ${shard} does not stand still`);
}

/** A reply is members and scores in turn; what is not above zero is no read. */
function takeReply(part: Part, reply: string[], landmark: number, isEligible: (article: ArticleId) => boolean): void {
  const isPopular = part.list.name === 'popular';
  const entries: Entry[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    const id = reply[index] as ArticleId;
    const count = Number(reply[index + 1]);
    if (!(count > 0)) break;
    entries.push(
      isPopular
        ? { id, score: timelessScore(count, landmark, POPULAR_HALF_LIFE), reads: 0 }
        : { id, score: count, reads: count },
    );
  }
  part.cutAt = entries.length < part.limit ? undefined : entries.at(-1);
  part.entries = isPopular ? entries.filter((entry) => isEligible(entry.id)) : entries;
}

/** Gives the entries of popular lists their reads of 24 hours; most are known from the 24 h list of the category. */
async function addReads(redis: RedisClient, lists: readonly List[]): Promise<void> {
  const reads = new Map<string, number>();
  const nameOf = (category: CategorySlug, article: ArticleId) => `${category} ${article}`;
  for (const { category, name, merged } of lists) {
    if (name === '24h') for (const entry of merged) reads.set(nameOf(category, entry.id), entry.reads);
  }
  const popular = lists.filter((list) => list.name === 'popular');
  const unknown = popular.flatMap(({ category, merged }) =>
    merged.filter(({ id }) => !reads.has(nameOf(category, id))).map(({ id }) => ({ category, id })),
  );
  await Promise.all(
    [...groupBy(unknown, ({ id }) => shardOf(id))].map(async ([shard, missing]) => {
      const { window } = keysOf(shard);
      const replies = await askShard(redis, (pipeline) => {
        for (const { category, id } of missing) pipeline.zscore(window('24h', category), id);
      });
      missing.forEach(({ category, id }, index) => {
        reads.set(nameOf(category, id), Number(replies[index] ?? 0));
      });
    }),
  );
  for (const list of popular) {
    list.merged = list.merged.map((entry) => ({ ...entry, reads: reads.get(nameOf(list.category, entry.id)) ?? 0 }));
  }
}

function groupBy<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
