import type { RedisClient } from '../engines/redis.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { type Know, readCuratedTops } from './curated-tops.ts';
import type { Curation } from './curation.ts';
import type { HalfLives } from './half-lives.ts';
import type { Grown } from './read-grown.ts';
import { readTops } from './read-tops.ts';
import { byPlace, DEPTH, type Entry, type Tops, topsOf } from './top.ts';

/**
 * The tops of all categories between two builds. A top that was read as a whole and into which every article is put that
 * was read since stays exact, because counts that nobody added to do not rise: so a tick costs what was read, whatever is
 * stored. Where counts fell (a bucket left a window, a revocation), who comes up from below is not known, and the
 * category is read as a whole.
 */
export interface KnownTops {
  /** What is known of categories: all of them after a full build. */
  all(): readonly Tops[];
  of(category: CategorySlug): Tops | undefined;
  /** Brings what changed up to date. */
  update(changed: ChangedTops): Promise<void>;
}

export interface ChangedTops {
  /** Categories to be read; `isFull`: there are no others. */
  readonly whole: readonly CategorySlug[];
  readonly isFull: boolean;
  /** What was read in other categories. */
  readonly grown: ReadonlyMap<CategorySlug, readonly Grown[]>;
  readonly halfLives: HalfLives;
  readonly curations: readonly Curation[];
  readonly know: Know;
  /** Whether popular lists may hold the article. */
  isEligible(article: ArticleId): boolean;
}

export function openKnownTops(redis: RedisClient): KnownTops {
  const known = new Map<CategorySlug, { readonly tops: Tops; readonly halfLife: number | undefined }>();

  return {
    all: () => Array.from(known.values(), ({ tops }) => tops),
    of: (category) => known.get(category)?.tops,
    async update({ whole, isFull, grown, halfLives, curations, know, isEligible }) {
      const followed = new Map<CategorySlug, Tops>();
      for (const [category, articles] of grown) {
        const own = known.get(category);
        if (own === undefined || own.halfLife !== halfLives.get(category)) continue;
        followed.set(category, withGrown(own.tops, articles, isEligible));
      }
      const read = async (categories: readonly CategorySlug[], depth: number): Promise<Map<CategorySlug, Tops>> => {
        const isFollowed = (category: CategorySlug) => depth === DEPTH && followed.has(category);
        const others = categories.filter((category) => !isFollowed(category));
        const tops = await readTops(redis, others, isEligible, depth, halfLives);
        for (const category of categories.filter(isFollowed)) {
          const own = followed.get(category);
          if (own !== undefined) tops.set(category, own);
        }
        return tops;
      };
      const fresh = await readCuratedTops(read, [...new Set([...whole, ...grown.keys()])], curations, know);
      if (isFull) known.clear();
      for (const [category, tops] of fresh) known.set(category, { tops, halfLife: halfLives.get(category) });
    },
  };
}

function withGrown(tops: Tops, articles: readonly Grown[], isEligible: (article: ArticleId) => boolean): Tops {
  return topsOf((name) => {
    const isPopular = name === 'popular' || name === 'popularHere';
    return withEntries(tops[name], articles, ({ entries }) => {
      const entry = entries[name];
      return entry.score > 0 && (!isPopular || isEligible(entry.id)) ? entry : undefined;
    });
  });
}

/** The best as before, with those that are read enough for it. */
function withEntries(
  top: readonly Entry[],
  articles: readonly Grown[],
  entryOf: (article: Grown) => Entry | undefined,
): readonly Entry[] {
  const depth = Math.max(DEPTH, top.length);
  const last = top[depth - 1];
  const entering: Entry[] = [];
  for (const article of articles) {
    const entry = entryOf(article);
    if (entry !== undefined && (last === undefined || byPlace(entry, last) <= 0)) entering.push(entry);
  }
  if (entering.length === 0) return top;
  const ids = new Set(entering.map(({ id }) => id));
  const others = top.filter(({ id }) => !ids.has(id));
  return [...others, ...entering].sort(byPlace).slice(0, depth);
}
