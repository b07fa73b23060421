import { randomUUID } from 'node:crypto';
import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, shardOf } from '../ids.ts';
import { holdArchives } from './archive-lock.ts';
import { ARTICLE_MEMORY } from './catalogue.ts';
import { changed, type DueRecounts, isAnyDue, settled } from './due-recounts.ts';
import { keysOf, type PopularHalfLife, SLOT_SECONDS, UNCATEGORISED } from './keys.ts';
import { COUNT_PENDING } from './pending.ts';
import { type ArchivedArticle, readArchived } from './read-archived.ts';

/**
 * Counts follow articles: what became a copy counts for its original, what was split for itself, what was filed elsewhere
 * in its new categories, what is gone nowhere. Articles that changed stand in count_changes; their counts are set in
 * Redis to what PostgreSQL holds of them and their copies + what their own shard has not archived.
 *
 * Why it comes out exact, whatever happens at the same time:
 * - A change and its row commit together, and the row goes only with the transaction that recounted after it. So a
 *   recount may die anywhere: the next does it again, and setting twice is setting once.
 * - The transaction holds archives up. A batch that lies aside is archived or not for as long as it lasts.
 * - What a copy's shard has not archived is not counted for the original yet. The archive notes it when it comes
 *   (archive.ts), as it does with whatever a collector counts under an id that is a copy or gone.
 * - A collector may remember old categories. So each article is recounted once more when it has forgotten them; counted
 *   from the first recount, since a database that is away keeps collectors from asking too.
 * - A recount that is held up, loses its transaction and goes on later is refused by its token (open-recount.lua).
 * - A shard that is being restored is left for later; what the restore has read by then is counted anew.
 */

/** Articles of one transaction, during which nothing is archived. */
const MAX_ARTICLES = 100;
/**
 * Of one script call, so that no other call waits long: measured, an article with 250 rows takes 1.7 ms of Redis' time,
 * and one without reads next to nothing. An article is never split.
 */
const CALL_ROWS = 250;
const CALL_ARTICLES = 20;
/** A comparison looks through all buckets: 1.6 ms an article. */
const COMPARED_ARTICLES = 1;
const AGAIN_AFTER = 2 * ARTICLE_MEMORY;

const openScript = readScript(new URL('./open-recount.lua', import.meta.url));
const script = readScript(
  ...COUNT_PENDING,
  ...['recount.lua', 'set-counts.lua'].map((part) => new URL(part, import.meta.url)),
);

/**
 * Recounts what is due; gives how many articles that were. Call it after an archive, so that little is not archived. Safe
 * to run by several at once and to be cut off anywhere.
 */
export async function recountChanges(sql: Sql, redis: RedisClient, now: Date): Promise<number> {
  if (!(await isAnyDue(sql, now))) return 0;
  return (await recountAll(sql, redis, changed, now)) + (await recountAll(sql, redis, settled, now));
}

async function recountAll(sql: Sql, redis: RedisClient, due: DueRecounts, now: Date): Promise<number> {
  let recounted = 0;
  for (let after: ArticleId | '' | undefined = ''; after !== undefined; ) {
    const from: string = after;
    const { taken, done } = await sql.transaction(async (tx) => {
      await holdArchives(tx);
      const taken = await due.take(tx, from, MAX_ARTICLES, now);
      const done = taken.length === 0 ? [] : await recount(tx, redis, taken, now);
      if (done.length > 0) await due.finish(tx, done, new Date(now.getTime() + AGAIN_AFTER));
      return { taken, done };
    });
    recounted += done.length;
    after = taken.length < MAX_ARTICLES ? undefined : taken.at(-1);
  }
  return recounted;
}

/** Recounts these articles and those that they count for; gives those of them that are done. */
async function recount(
  sql: Sql,
  redis: RedisClient,
  articles: readonly ArticleId[],
  now: Date,
): Promise<readonly ArticleId[]> {
  const places = await findPlaces(sql, articles);
  const shards = await openShards(sql, redis, new Set(places.map(({ place }) => shardOf(place))));
  const ready = [...new Set(places.map(({ place }) => place))].filter((place) => shards.has(shardOf(place)));
  const archived = await readArchived(sql, ready, now);
  const isCounted = new Set(archived.map(({ id }) => id));
  const gone = ready.filter((place) => !isCounted.has(place)).map((id) => ({ id, categories: undefined, counts: [] }));
  // Originals first: a list may show an article's reads twice for a moment, but never misses them.
  const done = new Set<ArticleId>();
  for (const counts of [archived, gone])
    for (const id of (await setCounts(redis, shards, counts, now)).done) done.add(id);
  const isOpen = new Set(places.filter(({ place }) => !done.has(place)).map(({ article }) => article));
  return articles.filter((article) => !isOpen.has(article));
}

/**
 * Recounts these articles, and sets their popular scores of the half-life anew in categories that are about to have them
 * (half-lives.ts); gives those that are done. Call it in a transaction that holds archives up.
 */
export async function makeScores(
  sql: Sql,
  redis: RedisClient,
  articles: readonly ArticleId[],
  halfLife: PopularHalfLife,
  now: Date,
): Promise<readonly ArticleId[]> {
  const shards = await openShards(sql, redis, new Set(articles.map(shardOf)));
  const ready = articles.filter((id) => shards.has(shardOf(id)));
  const { done } = await setCounts(redis, shards, await readArchived(sql, ready, now), now, `${halfLife}`);
  return done;
}

/** How counts are compared beside recounts: everything that stands; `repair` sets what differs. */
export type Comparison = 'look' | 'repair';

/**
 * Compares all counts of these articles with what PostgreSQL holds and what is not archived; gives those that were looked
 * at and those that were wrong. Call it in a transaction that holds archives up. Those that wait for a recount are left
 * out, as are shards that are not restored.
 */
export async function compareCounts(
  sql: Sql,
  redis: RedisClient,
  asked: readonly ArticleId[],
  comparison: Comparison,
  now: Date,
): Promise<{ readonly looked: readonly ArticleId[]; readonly wrong: readonly ArticleId[] }> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    'select article_id as id from count_changes union select article_id from recounts',
  );
  const waiting = await findPlaces(
    sql,
    rows.map(({ id }) => id),
  );
  const isWaiting = new Set(waiting.map(({ place }) => place));
  const shards = await openShards(sql, redis, new Set(asked.map(shardOf)));
  const ids = asked.filter((id) => !isWaiting.has(id) && shards.has(shardOf(id)));
  const archived = await readArchived(sql, ids, now);
  const isCounted = new Set(archived.map(({ id }) => id));
  const gone = ids.filter((id) => !isCounted.has(id)).map((id) => ({ id, categories: undefined, counts: [] }));
  const { done, wrong } = await setCounts(redis, shards, [...archived, ...gone], now, comparison);
  return { looked: done, wrong };
}

interface Place {
  readonly article: ArticleId;
  /** An article whose counts the change of `article` touches. */
  readonly place: ArticleId;
}

/** Where the reads of the articles may stand: at themselves, their originals, and those that took their places. */
async function findPlaces(sql: Sql, articles: readonly ArticleId[]): Promise<Place[]> {
  const { rows } = await sql.query<Place>(
    `with asked as (select asked as article from unnest($1::text[]) asked),
     named as (
       select article, article as place from asked
       union
       select article, successor_id from asked join article_successors on article_id = article
     )
     select article, place from named
     union
     select article, original_id from named join articles on id = place where original_id is not null`,
    [articles],
  );
  return rows;
}

/** What a recount holds of a shard. */
interface OpenShard {
  readonly token: string;
  /** The batch that lies aside although it is archived; '' where there is none. */
  readonly archived: string;
}

/** Opens the recount in those of the shards that are restored. */
async function openShards(sql: Sql, redis: RedisClient, shards: ReadonlySet<number>): Promise<Map<number, OpenShard>> {
  const token = randomUUID();
  const opened = await Promise.all(
    Array.from(shards, async (shard) => {
      const batch = await runScript(redis, openScript, keysOf(shard).scripted, [token]);
      return typeof batch === 'string' ? [{ shard, batch }] : [];
    }),
  );
  const batches = opened.flat();
  const { rows } = await sql.query<{ id: string }>('select id from archive_batches where id = any ($1::text[])', [
    batches.map(({ batch }) => batch),
  ]);
  const archived = new Set(rows.map(({ id }) => id));
  return new Map(batches.map(({ shard, batch }) => [shard, { token, archived: archived.has(batch) ? batch : '' }]));
}

/** An article with what is archived of it; without categories where it shall have no counts. */
type Counts = Pick<ArchivedArticle, 'id' | 'counts'> & {
  readonly categories: ArchivedArticle['categories'] | undefined;
};

/** Sets the counts of the articles; gives those where that was done, and those that were wrong. */
async function setCounts(
  redis: RedisClient,
  shards: ReadonlyMap<number, OpenShard>,
  articles: readonly Counts[],
  now: Date,
  mode: Comparison | `${PopularHalfLife}` | '' = '',
): Promise<{ readonly done: ArticleId[]; readonly wrong: ArticleId[] }> {
  const sets = await Promise.all(
    Array.from(shards, async ([shard, { token, archived }]) => {
      const own = articles.filter(({ id }) => shardOf(id) === shard);
      const done: ArticleId[] = [];
      const wrong: ArticleId[] = [];
      for (const part of callsOf(own, mode === 'look' || mode === 'repair' ? COMPARED_ARTICLES : CALL_ARTICLES)) {
        const args = [(now.getTime() / 1000).toFixed(3), token, archived, mode, ...part.flatMap(argumentsOf)];
        const reply = await runScript(redis, script, keysOf(shard).scripted, args);
        if (!Array.isArray(reply)) continue;
        done.push(...part.map(({ id }) => id));
        wrong.push(...(reply as ArticleId[]));
      }
      return { done, wrong };
    }),
  );
  return { done: sets.flatMap(({ done }) => done), wrong: sets.flatMap(({ wrong }) => wrong) };
}

function callsOf(articles: readonly Counts[], most: number): Counts[][] {
  const calls: Counts[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const article of articles) {
    if (rows + article.counts.length > CALL_ROWS || calls.at(-1)?.length === most) {
      calls.push([]);
      rows = 0;
    }
    calls.at(-1)?.push(article);
    rows += article.counts.length;
  }
  return calls;
}

function argumentsOf({ id, categories, counts }: Counts): (string | number)[] {
  const names = categories === undefined ? '' : categories.join(',') || UNCATEGORISED;
  return [id, names, counts.length, ...counts.flatMap((row) => [slotOf(row), row.reads, row.boxReads])];
}

/** The slot of five minutes; for an hour the one in its middle. */
function slotOf({ at, isFine }: ArchivedArticle['counts'][number]): number {
  const slot = Math.floor(at.getTime() / 1000 / SLOT_SECONDS);
  return isFine ? slot : slot + 6;
}
