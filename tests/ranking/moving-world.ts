import type { Redis } from 'ioredis';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, type CategorySlug, newArticleId, shardOf } from '../../src/ids.ts';
import { keepHalfLives } from '../../src/ranking/half-lives.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { recordReads } from '../../src/views/record.ts';
import { recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { remove } from '../views/following.ts';
import { insertArticles, insertCategories } from './counts.ts';
import { halfLife, type World, type WorldRead } from './definitions.ts';

/** Old enough that popular lists have lost the last of them, or lose them soon. */
const AGES = [0.5, 1, 3, 30, 100, 167, 167.8, 168.5, 169, 200];
export const ARTICLES = AGES.length;
export const CATEGORIES = ['politics', 'sports', 'arts'] as CategorySlug[];
const SLOT = 5 * MINUTE;
/** What is older is archived by hours when counts are made anew. */
const FINE = 26 * HOUR;

interface Read extends WorldRead {
  decay3: number;
  /** Of the category's own half-life. */
  readonly decays: Map<string, number>;
}

/** A site in both engines, and beside it all that ever happened there, from which the definitions make their lists. */
export interface MovingWorld extends World {
  readonly now: Date;
  wait(minutes: number): void;
  read(article: number, slotsAgo: number, times: number, isBox: boolean): Promise<void>;
  file(article: number, categories: readonly CategorySlug[]): Promise<void>;
  withdraw(article: number): Promise<void>;
  /** Redis loses all, and is filled again. */
  lose(): Promise<void>;
  keepHalfLives(): Promise<void>;
}

export async function openWorld(sql: Sql, redis: Redis, start: Date): Promise<MovingWorld> {
  await redis.flushdb();
  await sql.script(
    `truncate articles, categories, read_counts, archive_batches, list_snapshots, count_changes, recounts,
       article_successors, closed_periods cascade`,
  );
  await insertCategories(sql, { politics: 'Politics', sports: 'Sports', arts: 'Arts' });
  const ids = AGES.map((hours, index) => newArticleId(new Date(start.getTime() - hours * HOUR), index));
  const filed = (index: number) => CATEGORIES.filter((_, bit) => ((index + 1) >> bit) % 2 === 1).slice(0, 2);
  const articles = new Map<ArticleId, readonly CategorySlug[]>(ids.map((id, index) => [id, filed(index)]));
  await insertArticles(
    sql,
    ids.map((id) => ({ id, categories: articles.get(id) ?? [] })),
  );
  await restoreCounts(sql, redis, start);

  let now = start;
  let visitors = 1;
  let keptAt = Number.NEGATIVE_INFINITY;
  const reads: Read[] = [];
  const decided = new Map<string, { readonly hours: number; readonly at: number }>();
  const halfLives = new Map<string, number>();

  async function count(): Promise<void> {
    await archiveCounts(sql, redis, now);
    await recountChanges(sql, redis, now);
    await rollWindows(redis, now);
  }

  /** Where the archive says that it was read, when scores are made of it now; what is twenty half-lives old is left out. */
  function archivedAt({ at }: WorldRead, middle: number, hours: number): number {
    if (Math.floor(at / SLOT) * SLOT >= now.getTime() - FINE) return at;
    const about = Math.floor(at / HOUR) * HOUR + middle;
    return now.getTime() - about > 20 * hours * HOUR ? Number.NEGATIVE_INFINITY : about;
  }

  function makeScores(own: readonly Read[], category: string, from?: string): void {
    for (const read of own) {
      const decay =
        from === undefined ? archivedAt(read, 32.5 * MINUTE, halfLives.get(category) ?? 3) : read.decaysFrom(from);
      read.decays.set(category, decay);
    }
  }

  return {
    articles,
    reads,
    halfLives,
    get now() {
      return now;
    },
    wait(minutes) {
      now = new Date(now.getTime() + minutes * MINUTE);
    },
    async read(index, slotsAgo, times, isBox) {
      const article = ids[index] as ArticleId;
      const categories = articles.get(article) as readonly CategorySlug[] | undefined;
      // In the middle of a slot, so that the archive knows the time of what it keeps by slots.
      const at = (Math.floor(now.getTime() / SLOT) - slotsAgo) * SLOT + SLOT / 2;
      if (categories === undefined || at > now.getTime()) return;
      const named = { article, categories, at: new Date(at), isTimeNamed: true, isBox, visitorBefore: undefined };
      await recordReads(
        redis,
        shardOf(article),
        now,
        Array.from({ length: times }, () => ({ ...named, visitor: String(visitors++) })),
      );
      for (let time = 0; time < times; time++) {
        const decays = new Map<string, number>();
        const read: Read = { article, at, isBox, decay3: at, decays, decaysFrom: (c) => decays.get(c) ?? read.decay3 };
        reads.push(read);
      }
    },
    async file(index, categories) {
      const id = ids[index] as ArticleId;
      const before = articles.get(id);
      if (before === undefined) return;
      await count();
      await sql.query('delete from article_categories where article_id = $1', [id]);
      await sql.query('insert into article_categories select $1, unnest($2::text[])', [id, categories]);
      await noteCountChanges(sql, [id], now);
      articles.set(id, categories);
      const own = reads.filter(({ article }) => article === id);
      for (const category of categories.filter((one) => !before.includes(one) && halfLives.has(one))) {
        const same = before.find((one) => halfLives.get(one) === halfLives.get(category));
        makeScores(own, category, same);
      }
      await count();
    },
    async withdraw(index) {
      const id = ids[index] as ArticleId;
      if (!articles.delete(id)) return;
      await remove(sql, [id], now);
      await count();
    },
    async lose() {
      await archiveCounts(sql, redis, now);
      await redis.flushdb();
      await restoreCounts(sql, redis, now);
      halfLives.clear();
      for (const read of reads) {
        read.decays.clear();
        read.decay3 = archivedAt(read, 30 * MINUTE, 3);
      }
    },
    async keepHalfLives() {
      await count();
      const { rows } = await sql.query<{ at: Date | null }>('select min(slot) as at from read_counts');
      // Between two runs every builder has looked.
      if (now.getTime() - keptAt < HOUR) return;
      keptAt = now.getTime();
      const isCounted = (rows[0]?.at?.getTime() ?? Number.POSITIVE_INFINITY) <= now.getTime() - DAY;
      for (const category of CATEGORIES) {
        const { hours = 3, at = Number.NEGATIVE_INFINITY } = decided.get(category) ?? {};
        const isDue = isCounted && at <= now.getTime() - DAY;
        const wanted = isDue ? halfLife({ articles, reads, halfLives }, category, now.getTime()) : hours;
        if (isDue) decided.set(category, { hours: wanted, at: now.getTime() });
        if (wanted === (halfLives.get(category) ?? 3)) continue;
        halfLives.set(category, wanted);
        for (const read of reads) read.decays.delete(category);
        if (wanted === 3) halfLives.delete(category);
        else
          makeScores(
            reads.filter(({ article }) => articles.get(article)?.includes(category)),
            category,
          );
      }
      await keepHalfLives(sql, redis, now);
    },
  };
}
