import { findCounted, findOriginals } from '../articles/store.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { keysOf, type WindowId } from '../views/keys.ts';
import { countPendingIfPossible } from '../views/pending.ts';
import { type Curation, curationOf } from './curation.ts';
import { readCurations } from './curation-store.ts';
import { type ArchivedFacts, readArchivedFacts } from './explain-archive.ts';
import { type Next, nextOf } from './explain-next.ts';
import { type Place, placeOf } from './explain-place.ts';
import { readHalfLives } from './half-lives.ts';
import type { ListedArticle, ListItem, ListKey, Snapshot } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { POPULAR_HALF_LIFE } from './popular.ts';
import type { DecayedScore } from './read-article.ts';
import { decayedReads, readCurrent } from './read-current.ts';
import type { Rise } from './rising.ts';
import { riseIn } from './step-up.ts';
import { readSnapshot } from './store.ts';

/** A decayed sum of reads, as it stands now and as it is stored. */
export interface Decayed {
  readonly halfLifeMinutes: number;
  readonly reads: number;
  /** The sum is stored as if each read came at this time; so it never has to be written anew. */
  readonly landmark: Date;
  readonly stored: number;
}

export interface Explanation {
  readonly key: ListKey;
  readonly at: Date;
  /** The list as it was last published; undefined where it never was. */
  readonly list: Pick<Snapshot, 'asOf' | 'version' | 'confidence'> | undefined;
  /** What was asked for; another one than `article` where that is a copy. */
  readonly asked: ArticleId;
  readonly article: ListedArticle;
  readonly place: Place;
  readonly item: ListItem | undefined;
  readonly reads: Readonly<Record<WindowId, number>>;
  readonly decayed: { readonly popular: Decayed; readonly fast: Decayed; readonly slow: Decayed };
  readonly rise: Rise & { readonly drift: number; readonly mean: number };
  readonly facts: ArchivedFacts;
  /** The decisions of editors that concern the article in this list. */
  readonly curations: readonly Curation[];
  readonly next: Next | undefined;
}

/** Explains the article's place in the list from the counts as they are now. Throws `article-unknown` or `unavailable`. */
export async function explainPlace(
  sql: Sql,
  redis: RedisClient,
  key: ListKey,
  asked: ArticleId,
  now: Date,
): Promise<Explanation> {
  const counted = (await findCounted(sql, [asked])).get(asked);
  const found = counted && (await findOriginals(sql, [counted.id])).get(counted.id);
  if (found === undefined) throw new CodedError('article-unknown', `There is no article ${asked}.`);
  const article = listedArticle(found);
  await refuseUnrestored(redis, article.id);
  await countPendingIfPossible(redis);
  const halfLife = key.scope === 'site' ? POPULAR_HALF_LIFE : await halfLifeOf(redis, key.scope);
  const [list, curations, facts, current] = await Promise.all([
    readSnapshot(redis, sql, key),
    readCurations(sql, now),
    readArchivedFacts(sql, article.id, halfLife, now),
    readCurrent(redis, key, article, halfLife, now),
  ]);
  const { counts, activities, standing } = current;
  const items = list?.items ?? [];
  const item = items.find((it) => it.article.id === article.id);
  const own = curations.filter((it) => concerns(it, key, article));
  const rise = riseIn(standing, activities);
  const place = placeOf(key, { article, item, standing, rise, isExcluded: isExcluded(own, key, article) }, now);
  const decayed = (score: DecayedScore, halfLifeMinutes: number): Decayed => ({
    ...{ halfLifeMinutes, stored: score.stored, landmark: new Date(score.landmark * 1000) },
    reads: decayedReads(score, halfLifeMinutes, now),
  });
  return {
    ...{ key, at: now, list, asked, article, place, item, rise, facts },
    reads: counts.reads,
    decayed: {
      popular: decayed(counts.popular, current.halfLife * 60),
      fast: decayed(counts.fast, 15),
      slow: decayed(counts.slow, 60),
    },
    curations: own,
    next: await nextOf(redis, { key, halfLife, items, standing, place, activities, article }, now),
  };
}

async function halfLifeOf(redis: RedisClient, category: CategorySlug): Promise<number> {
  return (await readHalfLives(redis)).get(category) ?? POPULAR_HALF_LIFE;
}

/** Half of the counts would explain nothing. */
async function refuseUnrestored(redis: RedisClient, article: ArticleId): Promise<void> {
  if ((await redis.hexists(keysOf(shardOf(article)).marks, 'restored')) === 1) return;
  throw new CodedError('unavailable', 'The counts are being restored. Ask again in a moment.', { retryAfter: 5 });
}

function concerns(curation: Curation, key: ListKey, article: ListedArticle): boolean {
  const { isLeftOut, pinsOf } = curationOf(key, [curation]);
  return isLeftOut(article) || pinsOf(new Map([[article.id, article]])).length > 0;
}

/** A pin goes before exclusions of other things than the article itself. */
function isExcluded(own: readonly Curation[], key: ListKey, article: ListedArticle): boolean {
  const { isLeftOut, pinsOf } = curationOf(key, own);
  return pinsOf(new Map([[article.id, article]])).length === 0 && isLeftOut(article);
}
