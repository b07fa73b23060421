import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { categorySlug, feedId, newArticleId, parseArticleId, SHARDS, shardOf } from '../src/ids.ts';

const dates = fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true });

test('article ids sort by publication, then by sequence', () => {
  fc.assert(
    fc.property(dates, dates, fc.nat(36 ** 5 - 1), fc.nat(36 ** 5 - 1), (one, other, first, second) => {
      const seconds = (date: Date) => Math.floor(date.getTime() / 1000);
      const order = seconds(one) - seconds(other) || first - second;
      const ids = [newArticleId(one, first), newArticleId(other, second)] as const;
      assert.equal(Math.sign(order), ids[0] < ids[1] ? -1 : Number(ids[0] > ids[1]));
    }),
  );
});

test('an article id is read back, anything else is not one', () => {
  const id = newArticleId(new Date('2026-11-23T00:00:00Z'), 36 ** 5 + 7);
  assert.equal(parseArticleId(id), id);
  for (const text of ['', 'x', `${id}0`, id.toUpperCase().replace(/[0-9]/g, 'A'), '../../etc/pw']) {
    assert.equal(parseArticleId(text), undefined, text);
  }
});

test('articles spread over all shards', () => {
  const counts = new Array<number>(SHARDS).fill(0);
  for (let sequence = 0; sequence < 1600; sequence++) {
    const shard = shardOf(newArticleId(new Date('2026-11-23T00:00:00Z'), sequence));
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) > 50, counts.join(' '));
});

test('a category has a slug that fits a URL, and none is called site', () => {
  assert.equal(categorySlug('Arts & Life'), 'arts-life');
  assert.equal(categorySlug('  政治 '), '政治');
  assert.equal(categorySlug('Ｗorld'), 'world');
  assert.equal(categorySlug('Site'), 'site-1');
  assert.equal(categorySlug('!!!'), 'category-1');
});

test('a feed id is a positive whole number', () => {
  assert.equal(feedId(7), 7);
  for (const value of [0, -1, 1.5, Number.NaN]) assert.throws(() => feedId(value), RangeError);
});
