import { DAY, HOUR, MINUTE } from '../../clock.ts';
import type { ArticleId, CategorySlug } from '../../ids.ts';
import { UNCATEGORISED } from '../../views/keys.ts';
import { BOX_WEIGHT } from '../explain-archive.ts';
import { halfLifeFor } from '../half-lives.ts';
import type { Scope } from '../list.ts';
import { isRecent, keepLastPlace, POPULAR_HALF_LIFE } from '../popular.ts';
import { driftOf, LEAST_SLOW, risingEntries } from '../rising.ts';
import { BOX_ITEMS } from '../thin.ts';
import { byPlace, type Entry } from '../top.ts';
import { openDecayed } from './decayed.ts';
import type { ReplayRow } from './read-hours.ts';
import type { Setting } from './settings.ts';
import { openWindow } from './window-sums.ts';

/** The first five of a setting's list, by scope. */
export type Boxes = ReadonlyMap<Setting, ReadonlyMap<Scope, readonly ArticleId[]>>;

/** What is read in an hour, other than from our own box. */
export interface Target {
  readonly total: number;
  readonly reads: ReadonlyMap<ArticleId, number>;
  readonly scopes: ReadonlyMap<Scope, readonly ArticleId[]>;
}

/** The counts of all settings, as they stood at each hour. */
export interface Replay {
  know(articles: ReadonlyMap<ArticleId, readonly CategorySlug[]>): void;
  /** Adds what was read in an hour. */
  add(rows: readonly ReplayRow[], isFine: boolean): void;
  /** Whether the last hour that was added is of slots. */
  isFineBefore(): boolean;
  listsAt(at: Date): Boxes;
  targetOf(rows: readonly ReplayRow[]): Target;
}

/** Of a list so much is looked at as may matter to its first five. */
const DEPTH = 3 * BOX_ITEMS;

export function openReplay(settings: readonly Setting[]): Replay {
  const scopes = new Map<Scope, ArticleId[]>([['site', []]]);
  const categoriesOf = new Map<ArticleId, readonly CategorySlug[]>();
  const windows = new Map<number, ReturnType<typeof openWindow>>();
  const decayed = new Map<number, ReturnType<typeof openDecayed>>();
  for (const { window } of settings) if (window !== undefined) windows.set(window, openWindow(window));
  const day = windows.get(DAY) ?? openWindow(DAY);
  windows.set(DAY, day);
  for (const { halfLife } of settings) {
    if (typeof halfLife === 'number') decayed.set(halfLife, openDecayed(halfLife * HOUR));
  }
  const [fast, slow] = [openDecayed(15 * MINUTE), openDecayed(HOUR)];
  const boxes = new Map<string, ReadonlySet<ArticleId>>();
  const chosen = new Map<Scope, { readonly hours: number; readonly at: number }>();
  let isFine = false;

  function halfLifeOf(scope: Scope, at: number): number {
    const known = chosen.get(scope);
    if (scope === 'site' || (known !== undefined && at - known.at < DAY)) return known?.hours ?? POPULAR_HALF_LIFE;
    const fifth = bestOf(scopes.get(scope) ?? [], (id) => day.of(id))[BOX_ITEMS - 1]?.score ?? 0;
    const hours = halfLifeFor(fifth);
    chosen.set(scope, { hours, at });
    return hours;
  }

  function popularOf(setting: Setting, scope: Scope, articles: readonly ArticleId[], at: Date): ArticleId[] {
    const halfLife = setting.halfLife === 'chosen' ? halfLifeOf(scope, at.getTime()) : (setting.halfLife ?? 0);
    const sums = decayed.get(halfLife);
    const entries = bestOf(
      articles.filter((id) => isRecent(id, at)),
      (id) => sums?.of(id) ?? 0,
    ).map((entry) => ({ ...entry, score: Math.log2(entry.score) }));
    const name = `${setting.setting} ${scope}`;
    const box = keepLastPlace(entries, boxes.get(name) ?? new Set()).slice(0, BOX_ITEMS);
    const ids = box.map(({ id }) => id);
    boxes.set(name, new Set(ids));
    return ids;
  }

  function risingIn(category: Scope, at: number): readonly Entry[] {
    const own = (scopes.get(category) ?? []).map((id) => ({
      ...{ id, fast: fast.at(id, at), slow: slow.at(id, at), reads: 0 },
    }));
    const sum = own.reduce((total, it) => total + it.slow, 0);
    const articles = own.filter((it) => it.slow >= LEAST_SLOW).length;
    const drift = driftOf({ fast: fast.totalAt(at), slow: slow.totalAt(at) });
    return risingEntries(own, articles > 0 ? sum / articles : 0, drift);
  }

  function risingAt(at: number): Map<Scope, ArticleId[]> {
    if (!isFine) return new Map();
    const lists = [...scopes.keys()].filter((scope) => scope !== 'site').map((it) => [it, risingIn(it, at)] as const);
    const site = lists.flatMap(([, entries]) => entries).sort(byPlace);
    const firsts = (entries: readonly Entry[]) => [...new Set(entries.map(({ id }) => id))].slice(0, BOX_ITEMS);
    return new Map([['site' as Scope, firsts(site)], ...lists.map(([scope, own]) => [scope, firsts(own)] as const)]);
  }

  function boxOf(setting: Setting, scope: Scope, articles: readonly ArticleId[], at: Date): ArticleId[] {
    if (setting.list === 'popular') return popularOf(setting, scope, articles, at);
    if (setting.list === 'newest') return [...articles].sort().slice(-BOX_ITEMS);
    const sums = windows.get(setting.window ?? 0);
    return bestOf(articles, (id) => sums?.of(id) ?? 0)
      .slice(0, BOX_ITEMS)
      .map(({ id }) => id);
  }

  return {
    know(articles) {
      for (const [id, categories] of articles) {
        categoriesOf.set(id, categories);
      }
    },
    add(rows, fine) {
      isFine = fine;
      for (const { id, at, reads, boxReads } of rows) {
        if (!slow.has(id)) enter(scopes, id);
        for (const window of windows.values()) window.add(id, at, reads);
        for (const sums of decayed.values()) sums.add(id, at, reads - boxReads * (1 - BOX_WEIGHT));
        fast.add(id, at, reads);
        slow.add(id, at, reads);
      }
    },
    isFineBefore: () => isFine,
    listsAt(at) {
      for (const window of windows.values()) window.moveTo(at.getTime());
      const rising = risingAt(at.getTime());
      return new Map(
        settings.map((setting) => [
          setting,
          setting.list === 'rising'
            ? rising
            : new Map(Array.from(scopes, ([scope, articles]) => [scope, boxOf(setting, scope, articles, at)])),
        ]),
      );
    },
    targetOf(rows) {
      const reads = new Map<ArticleId, number>();
      const target = new Map<Scope, ArticleId[]>();
      for (const row of rows) {
        if (!reads.has(row.id)) enter(target, row.id);
        reads.set(row.id, (reads.get(row.id) ?? 0) + row.reads - row.boxReads);
      }
      return { total: [...reads.values()].reduce((sum, it) => sum + it, 0), reads, scopes: target };
    },
  };

  /** Puts the article into the scopes in which it is listed. */
  function enter(lists: Map<Scope, ArticleId[]>, id: ArticleId): void {
    const categories = categoriesOf.get(id) ?? [];
    for (const scope of ['site' as Scope, ...(categories.length === 0 ? [UNCATEGORISED] : categories)]) {
      const articles = lists.get(scope);
      if (articles === undefined) lists.set(scope, [id]);
      else articles.push(id);
    }
  }
}

function bestOf(articles: readonly ArticleId[], scoreOf: (id: ArticleId) => number): Entry[] {
  const best: Entry[] = [];
  for (const id of articles) {
    const score = scoreOf(id);
    const last = best[DEPTH - 1];
    if (score <= 0 || (last !== undefined && score < last.score)) continue;
    best.push({ id, score, reads: 0 });
    best.sort(byPlace);
    if (best.length > DEPTH) best.pop();
  }
  return best;
}
