import { findCounted, findOriginals } from '../articles/store.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../ids.ts';
import { keysOf, UNCATEGORISED, type WindowId } from '../views/keys.ts';
import { type Curation, curationOf } from './curation.ts';
import { readCurations } from './curation-store.ts';
import { type ArchivedFacts, readArchivedFacts } from './explain-archive.ts';
import { readHalfLives } from './half-lives.ts';
import { LIST_ITEMS, type ListedArticle, type ListItem, type ListKey, type Snapshot } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { isRecent, POPULAR_HALF_LIFE } from './popular.ts';
import { type DecayedScore, type LiveCounts, readLiveCounts } from './read-article.ts';
import { readActivities } from './read-rising.ts';
import { driftOf, type Rise, riseOf } from './rising.ts';
import { isNewcomer, nextAbove, readsToPass, readsToRise, type Standing } from './step-up.ts';
import { readSnapshot } from './store.ts';

/**
 * Why an article stands where it stands in a list, or why it does not.
 * `listed`: by its reads · `filled`: a thin list was filled with it · `pinned` and `excluded`: by an editor ·
 * `elsewhere`: it is not filed in the category · `too-old` for a popular list · `unread` · `not-rising` · `below`: its
 * reads do not suffice.
 */
export type Place =
  | 'listed'
  | 'filled'
  | 'pinned'
  | 'excluded'
  | 'elsewhere'
  | 'too-old'
  | 'unread'
  | 'not-rising'
  | 'below';

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

/** What it would need to be one place higher, or in the list at all. */
export interface Next {
  /** null: which place that would be cannot be told. */
  readonly rank: number | null;
  /** Whom it would pass; null where the list has room. */
  readonly passes: ListedArticle | null;
  /** Reads more, all of them now; null where no number of reads would do. */
  readonly reads: number | null;
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
  const halfLife = key.scope === 'site' ? POPULAR_HALF_LIFE : await halfLifeOf(redis, key.scope);
  const [list, curations, facts, current] = await Promise.all([
    readSnapshot(redis, sql, key),
    readCurations(sql, now),
    readArchivedFacts(sql, article.id, halfLife, now),
    readCurrent(redis, key, article, halfLife, now),
  ]);
  const { counts, drift, standing } = current;
  const items = list?.items ?? [];
  const item = items.find((it) => it.article.id === article.id);
  const own = curations.filter((it) => concerns(it, key, article));
  const rise = { ...riseOf(standing.activity, standing.mean, drift), drift, mean: standing.mean };
  const place = placeOf(key, { article, item, standing, rise, isExcluded: isExcluded(own, key, article) }, now);
  const decayed = (score: DecayedScore, halfLifeMinutes: number): Decayed => ({
    ...{ halfLifeMinutes, stored: score.stored, landmark: new Date(score.landmark * 1000) },
    reads: decayedReads(score, halfLifeMinutes, now),
  });
  return {
    ...{ key, at: now, list, asked, article, place, item, rise, facts },
    reads: counts.reads,
    decayed: {
      popular: decayed(counts.popular, halfLife * 60),
      fast: decayed(counts.fast, 15),
      slow: decayed(counts.slow, 60),
    },
    curations: own,
    next: await nextOf(redis, { key, halfLife, items, standing, place, drift }, now),
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

interface Current {
  readonly counts: LiveCounts;
  readonly drift: number;
  readonly standing: Standing;
}

/** The article's counts, and what the list orders it by; what rises in several categories is told from the best one. */
async function readCurrent(
  redis: RedisClient,
  { kind, scope, window }: ListKey,
  { id, categories }: Pick<ListedArticle, 'id' | 'categories'>,
  halfLife: number,
  now: Date,
): Promise<Current> {
  const isHere = scope === 'site' || categories.includes(scope);
  const asked = scope !== 'site' && isHere ? [scope] : categories.length === 0 ? [UNCATEGORISED] : categories;
  const [counts, rising] = await Promise.all([
    // Only the category itself has scores of its own half-life.
    readLiveCounts(redis, { id, categories: asked }, isHere ? halfLife : POPULAR_HALF_LIFE),
    readActivities(redis, asked, now),
  ]);
  const activity = { fast: decayedReads(counts.fast, 15, now), slow: decayedReads(counts.slow, 60, now) };
  const drift = driftOf(rising.site);
  const mean = Math.min(...asked.map((category) => rising.means.get(category) ?? 0));
  const score = kind === 'popular' ? decayedReads(counts.popular, halfLife * 60, now) : counts.reads[window ?? '24h'];
  return { counts, drift, standing: { id, score, activity, mean } };
}

function decayedReads({ stored, landmark }: DecayedScore, halfLifeMinutes: number, now: Date): number {
  return stored * 2 ** ((landmark - now.getTime() / 1000) / (halfLifeMinutes * 60));
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

interface Judged {
  readonly article: ListedArticle;
  readonly item: ListItem | undefined;
  readonly standing: Standing;
  readonly rise: Rise;
  readonly isExcluded: boolean;
}

function placeOf(key: ListKey, judged: Judged, now: Date): Place {
  const { article, item, isExcluded } = judged;
  if (item !== undefined) return item.pinned ? 'pinned' : item.fill === null ? 'listed' : 'filled';
  if (isExcluded) return 'excluded';
  if (key.scope !== 'site' && !article.categories.includes(key.scope)) return 'elsewhere';
  return unlistedOf(key, judged, now);
}

function unlistedOf({ kind }: ListKey, { article, standing, rise }: Judged, now: Date): Place {
  if (kind === 'rising') return rise.isSignificant ? 'below' : 'not-rising';
  if (kind === 'popular' && !isRecent(article.id, now) && !rise.isSignificant) return 'too-old';
  return standing.score > 0 ? 'below' : 'unread';
}

interface Asking {
  readonly key: ListKey;
  readonly halfLife: number;
  readonly items: readonly ListItem[];
  readonly standing: Standing;
  readonly place: Place;
  readonly drift: number;
}

/** No number of reads moves what an editor decided, or what is not of this list. */
const FIXED: readonly Place[] = ['pinned', 'excluded', 'elsewhere', 'too-old'];

async function nextOf(redis: RedisClient, asking: Asking, now: Date): Promise<Next | undefined> {
  const { key, items, standing, place, drift } = asking;
  if (FIXED.includes(place)) return undefined;
  const isListed = items.some(({ article }) => article.id === standing.id);
  if (!isListed && key.kind === 'rising') {
    return { rank: null, passes: null, reads: readsToRise(standing, drift) ?? null };
  }
  // One read is enough where there is room, and to pass what the list was filled with.
  const filled = items.find(({ fill }) => fill !== null);
  if (!isListed && (filled !== undefined || items.length < LIST_ITEMS)) {
    return { rank: filled?.rank ?? items.length + 1, passes: filled?.article ?? null, reads: 1 };
  }
  const above = nextAbove(items, standing.id);
  if (above === undefined) return undefined;
  if (filled !== undefined && above.fill !== null) return { rank: filled.rank, passes: filled.article, reads: 1 };
  return { rank: above.rank, passes: above.article, reads: await readsToPassItem(redis, asking, above, now) };
}

async function readsToPassItem(redis: RedisClient, asking: Asking, item: ListItem, now: Date): Promise<number | null> {
  const { key, halfLife, items, standing, drift } = asking;
  const other = await readCurrent(redis, key, item.article, halfLife, now);
  const margin = { isNewcomer: isNewcomer(items, standing.id, item), drift };
  return readsToPass(key.kind, standing, other.standing, margin) ?? null;
}
