import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import type { WindowId } from '../views/keys.ts';
import { type Curation, pinnedArticles } from './curation.ts';
import { readCurations } from './curation-store.ts';
import type { ListedArticle } from './list.ts';
import { POPULAR_HALF_LIFE } from './popular.ts';
import { readLiveCounts } from './read-article.ts';

/** Reads of pinned articles, which may stand in lists that they would not be in. */
export type PinReads = ReadonlyMap<ArticleId, Readonly<Record<WindowId, number>>>;

/** The decisions of editors between two ticks. Asked for at each: one look at an index of few rows. */
export interface CurationsInForce {
  /** Reads them anew; tells whether others are in force now than at the last call. */
  refresh(now: Date): Promise<boolean>;
  all(): readonly Curation[];
}

export function openCurations(sql: Sql): CurationsInForce {
  let known: readonly Curation[] | undefined;
  return {
    async refresh(now) {
      const found = await readCurations(sql, now).catch((error: unknown) => {
        // A database that is away shall not stop lists whose articles are known: the last decisions stand.
        if (known === undefined) throw error;
        return known;
      });
      const isChanged = JSON.stringify(found) !== JSON.stringify(known ?? []);
      known = found;
      return isChanged;
    },
    all: () => known ?? [],
  };
}

/** What pinned articles are read; of those that lists know. */
export async function readPinReads(
  redis: RedisClient,
  curations: readonly Curation[],
  articles: ReadonlyMap<ArticleId, ListedArticle>,
): Promise<PinReads> {
  const pinned = pinnedArticles(curations).flatMap((id) => articles.get(id) ?? []);
  const found = pinned.map(async (article) => {
    const { reads } = await readLiveCounts(redis, article, POPULAR_HALF_LIFE);
    return [article.id, reads] as const;
  });
  return new Map(await Promise.all(found));
}
