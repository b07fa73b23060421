import type { RedisClient } from '../engines/redis.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { ALL_SHARDS, keysOf, POPULAR_HALF_LIVES, type PopularHalfLife } from '../views/keys.ts';
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

const LANDMARKS = POPULAR_HALF_LIVES.map((hours) => `L:${hours * 60}`);

interface List {
  readonly category: CategorySlug;
  readonly name: TopName;
  /** Of popular lists. */
  readonly halfLife: PopularHalfLife | undefined;
  readonly parts: readonly Part[];
  merged: readonly Entry[];
}

/** What one shard holds of one list, as far as it was read. */
interface Part {
  readonly shard: number;
  readonly list: Pick<List, 'category' | 'name' | 'halfLife'>;
  limit: number;
  entries: readonly Entry[];
  /** The last entry read, where the shard may hold more behind it. */
  cutAt: Entry | undefined;
}

/** The best `depth` of each list of each category, exact over all shards; popular ones of what `isEligible` accepts. */
export async function readTops(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  isEligible: (article: ArticleId) => boolean,
  depth = DEPTH,
  halfLives: ReadonlyMap<CategorySlug, PopularHalfLife> = new Map(),
): Promise<Map<CategorySlug, Tops>> {
  const tops: [CategorySlug, Tops][] = [];
  for (let from = 0; from < categories.length; from += CHUNK) {
    tops.push(...(await readChunk(redis, categories.slice(from, from + CHUNK), isEligible, depth, halfLives)));
  }
  return new Map(tops);
}

async function readChunk(
  redis: RedisClient,
  categories: readonly CategorySlug[],
  isEligible: (article: ArticleId) => boolean,
  depth: number,
  halfLives: ReadonlyMap<CategorySlug, PopularHalfLife>,
): Promise<[CategorySlug, Tops][]> {
  const scopes = categories.map((category) => ({
    category,
    lists: openLists(category, halfLives.get(category) ?? POPULAR_HALF_LIFE),
  }));
  const lists = scopes.flatMap((scope) => scope.lists);
  let open = lists.flatMap((list) => list.parts);
  while (open.length > 0) {
    const byShard = groupBy(open, (part) => part.shard);
    await Promise.all([...byShard].map(([shard, parts]) => readShard(redis, shard, parts, isEligible)));
    const touched = new Set(open.map((part) => part.list));
    open = lists.filter((list) => touched.has(list)).flatMap((list) => mergeParts(list, depth));
  }
  await addReads(redis, lists);
  return scopes.map(({ category, lists }) => [
    category,
    topsOf((name) => {
      const found = lists.find((list) => list.name === name) ?? lists.find((list) => list.name === 'popular');
      return found?.merged ?? [];
    }),
  ]);
}

/** A category without a half-life of its own has one popular list, which stands for both. */
function openLists(category: CategorySlug, halfLife: PopularHalfLife): List[] {
  const names = TOP_NAMES.filter((name) => name !== 'popularHere' || halfLife !== POPULAR_HALF_LIFE);
  return names.map((name) => {
    if (name === 'popular') return openList(category, name, POPULAR_HALF_LIFE);
    return openList(category, name, name === 'popularHere' ? halfLife : undefined);
  });
}

function openList(category: CategorySlug, name: TopName, halfLife: PopularHalfLife | undefined): List {
  const parts: Part[] = [];
  const list: List = { category, name, halfLife, parts, merged: [] };
  for (const shard of ALL_SHARDS) parts.push({ shard, list, limit: FIRST_READ, entries: [], cutAt: undefined });
  return list;
}

/** Merges what was read; gives the parts to read deeper: those that were cut off above the place of the list's last. */
function mergeParts(list: List, depth: number): Part[] {
  list.merged = mergeTops(
    list.parts.map((part) => part.entries),
    depth,
  );
  const last = list.merged[depth - 1];
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
      pipeline.hmget(marks, ...LANDMARKS);
      for (const { list, limit } of parts) {
        const { category, name, halfLife } = list;
        const key = isPopular(name) ? popular(category, halfLife ?? POPULAR_HALF_LIFE) : window(name, category);
        pipeline.zrevrange(key, 0, limit - 1, 'WITHSCORES');
      }
      pipeline.hmget(marks, ...LANDMARKS);
    });
    // A pipeline is not atomic, and a transaction this long would hold everyone up. A landmark moves about once in 50
    // days; scores read while it does are of two kinds, so they are read again.
    const landmarks = replies[0] as (string | null)[];
    if (String(replies.at(-1)) !== String(landmarks)) continue;
    const landmarkOf = new Map(POPULAR_HALF_LIVES.map((hours, index) => [hours, Number(landmarks[index] ?? 0)]));
    parts.forEach((part, index) => {
      const { halfLife = POPULAR_HALF_LIFE } = part.list;
      takeReply(part, replies[index + 1] as string[], landmarkOf.get(halfLife) ?? 0, isEligible);
    });
    return;
  }
  throw new Error(`the landmark of shard ${shard} does not stand still`);
}

function isPopular(name: TopName): name is 'popular' | 'popularHere' {
  return name === 'popular' || name === 'popularHere';
}

/** A reply is members and scores in turn; what is not above zero is no read. */
function takeReply(part: Part, reply: string[], landmark: number, isEligible: (article: ArticleId) => boolean): void {
  const { name, halfLife } = part.list;
  const entries: Entry[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    const id = reply[index] as ArticleId;
    const count = Number(reply[index + 1]);
    if (!(count > 0)) break;
    entries.push(
      halfLife !== undefined
        ? { id, score: timelessScore(count, landmark, halfLife), reads: 0 }
        : { id, score: count, reads: count },
    );
  }
  part.cutAt = entries.length < part.limit ? undefined : entries.at(-1);
  // Scores that are the same for a list, but not for Redis, stand newest first.
  part.entries = isPopular(name) ? entries.filter((entry) => isEligible(entry.id)).sort(byPlace) : entries;
}

/** Gives the entries of popular lists their reads of 24 hours; most are known from the 24 h list of the category. */
async function addReads(redis: RedisClient, lists: readonly List[]): Promise<void> {
  const reads = new Map<string, number>();
  const nameOf = (category: CategorySlug, article: ArticleId) => `${category} ${article}`;
  for (const { category, name, merged } of lists) {
    if (name === '24h') for (const entry of merged) reads.set(nameOf(category, entry.id), entry.reads);
  }
  const popular = lists.filter((list) => isPopular(list.name));
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
