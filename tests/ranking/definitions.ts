import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import { type ArticleId, publishedAtOf } from '../../src/ids.ts';
import type { ListKey } from '../../src/ranking/list.ts';
import { tied } from './counts.ts';

/**
 * The lists as docs/ranking.md defines them, each in a few lines of brute force over all reads: what the product's lists,
 * which are kept up to date read by read, are held to.
 */
export interface World {
  /** Articles with their categories; one without any is read as part of the site only. */
  readonly articles: ReadonlyMap<ArticleId, readonly string[]>;
  readonly reads: readonly WorldRead[];
  /** Half-lives of popular lists in hours, where they are not 3. */
  readonly halfLives: ReadonlyMap<string, number>;
}

export interface WorldRead {
  readonly article: ArticleId;
  readonly at: number;
  readonly isBox: boolean;
  /** When it was read for decayed scores: what is kept by hours is counted at about their middle. */
  decaysFrom(category: string): number;
}

export interface Place {
  readonly id: ArticleId;
  readonly score: number;
  readonly reads: number;
}

export type Filled = Omit<Place, 'score'> & { readonly fill: string | null };

type Window = NonNullable<ListKey['window']>;
const SPANS = { '1h': HOUR, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY };
/** Windows move in steps. */
const STEPS = { '1h': 5 * MINUTE, '24h': 5 * MINUTE, '7d': HOUR, '30d': 6 * HOUR };
const WIDER: Readonly<Record<Window, readonly Window[]>> = {
  '1h': ['24h', '7d'],
  '24h': ['7d'],
  '7d': ['30d'],
  '30d': [],
};

export function inScope({ articles }: World, scope: string): ArticleId[] {
  return [...articles].filter(([, own]) => scope === 'site' || own.includes(scope)).map(([id]) => id);
}

const best = (places: readonly Place[]) =>
  places.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));

function readsIn(world: World, id: ArticleId, window: Window, now: number): number {
  const from = Math.floor((now - SPANS[window]) / STEPS[window]) * STEPS[window];
  return world.reads.filter((read) => read.article === id && read.at >= from).length;
}

export function access(world: World, scope: string, window: Window, now: number): Place[] {
  return best(
    inScope(world, scope).map((id) => {
      const reads = readsIn(world, id, window, now);
      return { id, score: reads, reads };
    }),
  );
}

function decayed(
  world: World,
  id: ArticleId,
  halfLife: number,
  now: number,
  category: string,
  boxWeight: number,
): number {
  const own = world.reads.filter(({ article }) => article === id);
  const sum = own.reduce(
    (sum, read) => sum + (read.isBox ? boxWeight : 1) * 2 ** ((read.decaysFrom(category) - now) / halfLife),
    0,
  );
  // What has faded to a millionth of a read is gone.
  return sum < 2 ** -20 ? 0 : tied(sum, halfLife, now);
}

export function popular(world: World, scope: string, now: number): Place[] {
  const halfLife = (world.halfLives.get(scope) ?? 3) * HOUR;
  const risen = new Set(categoriesOf(world).flatMap((category) => rising(world, category, now)));
  return best(
    inScope(world, scope)
      .filter((id) => now - publishedAtOf(id).getTime() <= 7 * DAY || risen.has(id))
      .map((id) => {
        const score = decayed(world, id, halfLife, now, halfLife === 3 * HOUR ? '' : scope, 1 / 4);
        return { id, score, reads: readsIn(world, id, '24h', now) };
      }),
  );
}

function categoriesOf({ articles }: World): string[] {
  return [...new Set([...articles.values()].flatMap((own) => (own.length === 0 ? [''] : own)))];
}

/** The articles that rise, the steepest first; '' is the category of those that have none. */
export function rising(world: World, scope: string, now: number): ArticleId[] {
  const slopes = new Map<ArticleId, number>();
  const rates = (id: ArticleId) => ({
    fast: decayed(world, id, 15 * MINUTE, now, '', 1),
    slow: decayed(world, id, 60 * MINUTE, now, '', 1),
  });
  const all = [...world.articles.keys()].map(rates);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const drift = sum(all.map(({ fast }) => fast)) / 15 / (sum(all.map(({ slow }) => slow)) / 60);
  for (const category of scope === 'site' ? categoriesOf(world) : [scope]) {
    const own = [...world.articles].filter(([, filed]) =>
      category === '' ? filed.length === 0 : filed.includes(category),
    );
    const each = own.map(([id]) => ({ id, ...rates(id) }));
    const slows = each.map(({ slow }) => slow);
    const mean = sum(slows) / slows.filter((slow) => slow >= 1 / 16).length;
    for (const { id, fast, slow } of each) {
      const rate = (fast * Math.LN2) / 15;
      const expected = (drift * Math.max(slow, mean) * Math.LN2) / 60;
      const z = (rate - expected) / Math.sqrt((expected * Math.LN2) / 30);
      if (!(fast >= 8 - 1e-6 && z >= 3 - 1e-6)) continue;
      slopes.set(id, Math.max(slopes.get(id) ?? 0, Number((rate / expected).toFixed(7))));
    }
  }
  return [...slopes].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1)).map(([id]) => id);
}

/** A newcomer takes the fifth place only when it is more than 5 % ahead of the best one that stood in the box before. */
export function keepFifth(places: readonly Place[], box: ReadonlySet<ArticleId>): Place[] {
  const [fifth] = places.slice(4);
  const held = places.slice(5).find(({ id }) => box.has(id));
  if (fifth === undefined || held === undefined || box.has(fifth.id) || fifth.score > 1.05 * held.score)
    return [...places];
  const others = places.filter((place) => place !== held);
  return [...others.slice(0, 4), held, ...others.slice(4)];
}

/** The whole list: filled from wider windows, then from the site, up to five when fewer than five have three reads. */
export function listOf(
  world: World,
  { kind, scope, window }: ListKey,
  now: number,
  box: ReadonlySet<ArticleId>,
): { readonly confidence: string; readonly items: readonly Filled[] } {
  if (kind === 'rising') {
    const items = rising(world, scope, now).map((id) => ({ id, reads: readsIn(world, id, '1h', now), fill: null }));
    return { confidence: items.length === 0 ? 'empty' : 'ok', items };
  }
  const make = (scope: string, window: Window | null) =>
    window === null ? popular(world, scope, now) : access(world, scope, window, now);
  const own = make(scope, window);
  const placed = (window === null ? keepFifth(own, box) : own).slice(0, 50);
  const items: Filled[] = placed.map(({ id, reads }) => ({ id, reads, fill: null }));
  if (items.filter(({ reads }) => reads >= 3).length >= 5) return { confidence: 'ok', items };
  const wider = window === null ? [] : WIDER[window].map((wide) => ({ fill: wide as string, from: make(scope, wide) }));
  const site = scope === 'site' ? [] : [{ fill: 'site', from: make('site', window) }];
  for (const { fill, from } of [...wider, ...site]) {
    for (const { id, reads } of from.slice(0, 50)) {
      if (items.length < 5 && !items.some((item) => item.id === id)) items.push({ id, reads, fill });
    }
  }
  return { confidence: items.length === 0 ? 'empty' : 'thin', items };
}

/** A finished period. */
export function closed(world: World, scope: string, from: number, to: number): Place[] {
  return best(
    inScope(world, scope).map((id) => {
      const reads = world.reads.filter(({ article, at }) => article === id && at >= from && at < to).length;
      return { id, score: reads, reads };
    }),
  ).slice(0, 50);
}

/** The half-life with which the fifth article of a category keeps thirty effective reads, at the pace of its last day. */
export function halfLife(world: World, category: string, now: number): number {
  const fifth = access(world, category, '24h', now)[4]?.reads ?? 0;
  return [3, 6, 12].find((hours) => (fifth * hours) / (24 * Math.LN2) >= 30) ?? 24;
}
