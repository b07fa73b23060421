import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MINUTE } from '../../src/clock.ts';
import { newArticleId } from '../../src/ids.ts';
import { type Counts, composeList, type Past } from '../../src/ranking/compose.ts';
import type { Curation } from '../../src/ranking/curation.ts';
import type { ListedArticle, ListItem, ListKey } from '../../src/ranking/list.ts';
import { type Ranks, ranksOf } from '../../src/ranking/movement.ts';
import { type Entry, NO_TOPS, topsOf } from '../../src/ranking/top.ts';

const NOW = new Date('2026-11-26T03:07:00Z');
const NAMES = { siteName: 'JN' };
const KEYS: readonly ListKey[] = [
  { kind: 'access', scope: 'site', window: '24h' },
  { kind: 'access', scope: 'site', window: '1h' },
  { kind: 'popular', scope: 'site', window: null },
  { kind: 'rising', scope: 'site', window: null },
];
const ids = Array.from({ length: 3 }, (_, n) => newArticleId(new Date(NOW.getTime() - n * 20 * MINUTE), n + 1));
const articles = new Map(ids.map((id): [typeof id, ListedArticle] => [id, articleOf(id)]));

function articleOf(id: (typeof ids)[number]): ListedArticle {
  const at = NOW.toISOString();
  return { id, title: id, url: null, source: '', publishedAt: at, updatedAt: at, categories: [], image: null };
}

/** What was counted at a tick, and what the list is told against. */
const tick = fc.record({
  own: fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 2 })), { maxLength: 3 }),
  wider: fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 2 })), { maxLength: 3 }),
  before: fc.option(fc.uniqueArray(fc.nat(2)), { nil: undefined }),
  dayBefore: fc.option(fc.uniqueArray(fc.nat(2)), { nil: undefined }),
  pinned: fc.option(fc.record({ article: fc.nat(2), place: fc.integer({ min: 1, max: 3 }) }), { nil: undefined }),
});
type Tick = typeof tick extends fc.Arbitrary<infer Value> ? Value : never;

/** Few different ones that come again, or nothing would ever stay as it was. */
const ticks = fc
  .record({
    one: tick,
    other: tick,
    isOfSamePast: fc.boolean(),
    turns: fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }),
  })
  .map(({ one, other, isOfSamePast, turns }) => {
    const past = isOfSamePast ? { before: one.before, dayBefore: one.dayBefore } : {};
    return turns.map((isOne): Tick => (isOne ? one : { ...other, ...past }));
  });

function entriesOf(pairs: readonly (readonly [number, number])[]): Entry[] {
  const reads = new Map(pairs.map(([n, reads]) => [ids[n] as Entry['id'], reads]));
  const entries = Array.from(reads, ([id, count]): Entry => ({ id, score: count, reads: count }));
  return entries.sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));
}

function countsOf({ own, wider, pinned }: Tick): Counts {
  const [near, far] = [entriesOf(own), entriesOf(wider)];
  const curations = pinned === undefined ? [] : [pin(pinned)];
  const tops = topsOf((name) => (name === '7d' || name === '30d' ? far : near));
  const pinReads = new Map(ids.map((id) => [id, { '1h': 1, '24h': 1, '7d': 1, '30d': 1 }]));
  return { own: tops, site: NO_TOPS, rising: near, articles, curations, pinReads };
}

function pin({ article, place }: { article: number; place: number }): Curation {
  const target = { target: 'article', value: ids[article] as string, kind: null, scope: null } as const;
  return { id: 1, action: 'pin', place, ...target };
}

const ranks = (numbers: readonly number[] | undefined): Ranks | undefined =>
  numbers && ranksOf(numbers.map((n) => ids[n] as Entry['id']));

test('an item that is kept from the last tick says what one made anew would say', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), ticks, (key, ticks) => {
      let last: readonly ListItem[] = [];
      for (const [index, it] of ticks.entries()) {
        const now = new Date(NOW.getTime() + index * 30 * MINUTE);
        const compose = (items: readonly ListItem[]) => {
          const lastItems: Past['lastItems'] = new Map(items.map((item) => [item.article.id, item]));
          const past = { lastItems, before: ranks(it.before), dayBefore: ranks(it.dayBefore) };
          const { snapshot, json } = composeList(key, countsOf(it), past, NAMES, now);
          return { snapshot, text: String(json()) };
        };
        // Another object for each article: then nothing of the last tick can be kept.
        const anew = compose(last.map((item) => ({ ...item, article: { ...item.article } })));
        const kept = compose(last);
        assert.deepEqual(kept, anew);
        assert.deepEqual(JSON.parse(kept.text), JSON.parse(JSON.stringify(kept.snapshot)));
        last = kept.snapshot.items;
      }
    }),
    { numRuns: 500 },
  );
});
