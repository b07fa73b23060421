import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import type { ListItem } from '../../src/ranking/list.ts';
import { itemsText, versionOf } from '../../src/ranking/list-text.ts';

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

test('items are written as what they are, in ASCII alone, sparklines behind them', () => {
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const text = `[${itemsText(items, undefined)}]`;
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(items)));
      assert.equal(Buffer.byteLength(text), text.length);
      const drawn = JSON.parse(`[${itemsText(items, () => '0,12,3')}]`);
      const expected = items.map((it) => ({ ...it, sparkline: [0, 12, 3] }));
      assert.deepEqual(drawn, JSON.parse(JSON.stringify(expected)));
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
