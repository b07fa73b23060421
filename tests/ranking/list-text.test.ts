import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import type { ListItem, ListKey } from '../../src/ranking/list.ts';
import { listJson, versionOf } from '../../src/ranking/list-text.ts';
import { emptySnapshot } from '../../src/ranking/store.ts';

const movement = fc.constantFrom('up' as const, 'down' as const, 'same' as const, 'new' as const);
const rank = fc.option(fc.integer({ min: 1, max: 50 }));
const text = fc.string({ unit: 'binary' });
const article = fc.record({
  id: fc.stringMatching(/^[0-9a-z]{12}$/).map((id) => id as ArticleId),
  title: text,
  url: fc.option(fc.webUrl()),
  source: text,
  publishedAt: fc.constant('2026-11-26T03:00:00.000Z'),
  updatedAt: fc.constant('2026-11-26T03:00:00.000Z'),
  categories: fc.array(text.map((slug) => slug as CategorySlug)),
  image: fc.option(fc.webUrl()),
});
const item: fc.Arbitrary<ListItem> = fc
  .record({
    numbers: fc.record({ rank: fc.nat(50), previousRank: rank, movement, peakRank: fc.nat(50) }),
    since: fc.constant('2026-11-26T03:00:00.000Z'),
    reads: fc.nat(),
    fill: fc.option(fc.constantFrom('24h', 'site')),
    dayAgo: fc.option(fc.record({ rank, movement })),
    isPinned: fc.boolean(),
    article,
  })
  .map(({ numbers, since, reads, fill, dayAgo, isPinned, article }) => ({
    ...{ ...numbers, since, reads, fill, ...(dayAgo !== null && { dayAgo }) },
    ...(isPinned && { pinned: true as const }),
    article,
  }));

test('a list is written as what it is, in ASCII alone, sparklines behind the items', () => {
  const key: ListKey = { kind: 'access', scope: 'site', window: '1h' };
  fc.assert(
    fc.property(fc.array(item), text, (items, siteName) => {
      const snapshot = { ...emptySnapshot(key, { siteName }, new Date(0)), items };
      const written = (sparkline?: string) => JSON.parse(listJson(snapshot, () => sparkline).toString('ascii'));
      const expected = (sparkline?: readonly number[]) =>
        JSON.parse(JSON.stringify({ ...snapshot, items: items.map((it) => ({ ...it, sparkline })) }));
      // One after the other, since an item that was written is kept.
      assert.deepEqual(written(), expected());
      assert.deepEqual(written('0,12,3'), expected([0, 12, 3]));
      assert.deepEqual(written('0,12,4'), expected([0, 12, 4]));
      assert.deepEqual(written(), expected());
      assert.ok(listJson(snapshot, undefined).every((byte) => byte < 0x80));
    }),
  );
});

test('a version is of the head and of all that items say', () => {
  fc.assert(
    fc.property(item, item, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      assert.equal(versionOf('head', [one]) === versionOf('head', [other]), isSame);
      assert.equal(versionOf('head', [one]), versionOf('head', [structuredClone(one)]));
      assert.notEqual(versionOf('head', [one]), versionOf('tail', [one]));
      const moved = { ...one, article: { ...one.article, title: `${one.article.title} (UPDATE 2)` } };
      assert.notEqual(versionOf('head', [one]), versionOf('head', [moved]));
    }),
  );
});
