import type { RedisClient } from '../engines/redis.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { type Changes, countedCategories } from './changes.ts';
import type { Know } from './curated-tops.ts';
import type { Curation } from './curation.ts';
import { readHalfLives } from './half-lives.ts';
import { type KnownTops, openKnownTops } from './known-tops.ts';
import type { Scope } from './list.ts';
import { isRecent } from './popular.ts';
import { readGrown } from './read-grown.ts';
import { openRisingLists } from './rising-lists.ts';
import type { Entry } from './top.ts';

/** The counts that lists are made of, as they are known between two builds. */
export interface KnownCounts {
  /** Brings them up to date with what changed, or reads all of them. */
  update(asked: Asked, now: Date): Promise<Updated>;
  readonly tops: Pick<KnownTops, 'all' | 'of'>;
}

export interface Asked {
  readonly isFull: boolean;
  readonly changes: Changes;
  readonly curations: readonly Curation[];
  readonly know: Know;
}

export interface Updated {
  /** Categories whose tops may be others than before. */
  readonly counted: readonly CategorySlug[];
  /** The rising lists of all scopes that have one, or had one. */
  readonly rising: ReadonlyMap<Scope, readonly Entry[]>;
  /** All articles that rise anywhere. */
  readonly risen: ReadonlySet<ArticleId>;
}

export function openKnownCounts(redis: RedisClient): KnownCounts {
  const tops = openKnownTops(redis);
  const risingLists = openRisingLists(redis);
  let risen: ReadonlySet<ArticleId> = new Set();

  /** What rises, and categories with an article that is too old for popular lists, but now rises: no matter who read it. */
  function rise(now: Date) {
    const before = risen;
    const rising = risingLists.at(now);
    risen = new Set([...rising.values()].flatMap((entries) => entries.map(({ id }) => id)));
    const isRecalled = ({ id }: Entry) => !before.has(id) && !isRecent(id, now);
    const recalled = [...rising].filter(([scope, entries]) => scope !== 'site' && entries.some(isRecalled));
    return { rising, recalled: recalled.map(([scope]) => scope as CategorySlug) };
  }

  return {
    tops,
    async update({ isFull, changes, curations, know }, now) {
      const grownSince: Changes['grown'] = isFull ? new Map() : changes.grown;
      const asked = isFull ? await countedCategories(redis) : [...changes.whole];
      if (!isFull && asked.length + grownSince.size === 0) return { counted: [], rising: rise(now).rising, risen };
      const halfLives = await readHalfLives(redis);
      const grown = await readGrown(redis, grownSince, halfLives, now);
      await risingLists.update({ whole: asked, isFull, grown }, now);
      const { rising, recalled } = rise(now);
      const whole = [...new Set([...asked, ...recalled])];
      for (const category of whole) grown.delete(category);
      const isEligible = (article: ArticleId) => isRecent(article, now) || risen.has(article);
      await tops.update({ whole, isFull, grown, halfLives, curations, know, isEligible });
      return { counted: [...whole, ...grown.keys()], rising, risen };
    },
  };
}
