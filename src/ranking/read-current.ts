import type { RedisClient } from '../engines/redis.ts';
import { UNCATEGORISED } from '../views/keys.ts';
import type { ListedArticle, ListKey } from './list.ts';
import { POPULAR_HALF_LIFE } from './popular.ts';
import { type DecayedScore, type LiveCounts, readLiveCounts } from './read-article.ts';
import { type Activities, readActivities } from './read-rising.ts';
import type { Standing } from './step-up.ts';

/** What a list knows of an article at this moment. */
export interface Current {
  readonly counts: LiveCounts;
  /** Of its popular score, in hours. */
  readonly halfLife: number;
  readonly activities: Activities;
  readonly standing: Standing;
}

/** The article's counts, and what the list orders it by; `listHalfLife` is the list's own. */
export async function readCurrent(
  redis: RedisClient,
  { kind, scope, window }: ListKey,
  { id, categories: filed }: Pick<ListedArticle, 'id' | 'categories'>,
  listHalfLife: number,
  now: Date,
): Promise<Current> {
  const isHere = scope === 'site' || filed.includes(scope);
  const categories = scope !== 'site' && isHere ? [scope] : filed.length === 0 ? [UNCATEGORISED] : filed;
  // Only the category itself has scores of its own half-life.
  const halfLife = isHere ? listHalfLife : POPULAR_HALF_LIFE;
  const [counts, activities] = await Promise.all([
    readLiveCounts(redis, { id, categories }, halfLife),
    readActivities(redis, categories, now),
  ]);
  const activity = { fast: decayedReads(counts.fast, 15, now), slow: decayedReads(counts.slow, 60, now) };
  const score = kind === 'popular' ? decayedReads(counts.popular, halfLife * 60, now) : counts.reads[window ?? '24h'];
  return { counts, halfLife, activities, standing: { id, score, activity, categories } };
}

/** The sum as it stands at `now`. */
export function decayedReads({ stored, landmark }: DecayedScore, halfLifeMinutes: number, now: Date): number {
  return stored * 2 ** ((landmark - now.getTime() / 1000) / (halfLifeMinutes * 60));
}
