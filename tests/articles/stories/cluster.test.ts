import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  current,
  type Draft,
  emptyShelf,
  mergeWithNearest,
  place,
  probesOf,
  type Shelf,
} from '../../../src/articles/stories/cluster.ts';
import { cosine, sum, unit } from '../../../src/articles/stories/vector.ts';

const HOUR = 3_600_000;

/** An article about these words, all equally telling. */
function draft(words: string, hour = 0): Draft {
  const terms = words.split(' ').map((word) => `en:${word}`);
  return {
    vector: unit(new Map(terms.map((term) => [term, 1]))),
    probes: terms,
    publishedAt: hour * HOUR,
    own: undefined,
    barred: new Set(),
  };
}

const placeAll = (shelf: Shelf, drafts: readonly Draft[]) => drafts.map((one) => place(shelf, one));

test('an article joins the story with which it shares most, and opens one where it shares too little', () => {
  const [ferry, rates, sunk, cut, other] = placeAll(emptyShelf(), [
    draft('ferry sinks palmera dead'),
    draft('bank raises rates half'),
    draft('palmera ferry captain arrested'),
    draft('rates bank cut hope'),
    draft('ferry operators timetable summer'),
  ]);
  assert.equal(sunk, ferry);
  assert.equal(cut, rates);
  assert.notEqual(other, ferry);
  assert.equal(ferry?.size, 2);
});

test('one word in common, or a word and a number, make no story', () => {
  const [one, other, number] = placeAll(emptyShelf(), [draft('hits 100'), draft('hits phone'), draft('hits 100 road')]);
  assert.equal(new Set([one, other, number]).size, 3);
});

test('the longer ago, the more must agree; after three days nothing is enough', () => {
  const words = 'ferry sinks palmera dead';
  const joins = (second: string, hour: number) => {
    const [first, later] = placeAll(emptyShelf(), [draft(words), draft(second, hour)]);
    return first === later;
  };
  assert.equal(joins('ferry palmera captain arrested', 24), true);
  assert.equal(joins('ferry palmera captain arrested', 60), false);
  assert.equal(joins(words, 60), true);
  assert.equal(joins(words, 73), false);
  assert.equal(joins(words, -60), true);
});

test('a story that goes on stays open: what counts is its nearest article', () => {
  const words = 'ferry sinks palmera dead';
  const stories = placeAll(
    emptyShelf(),
    [0, 48, 96, 144].map((hour) => draft(words, hour)),
  );
  assert.equal(new Set(stories).size, 1);
  assert.deepEqual([stories[0]?.firstAt, stories[0]?.lastAt], [0, 144 * HOUR]);
});

test('stories that grew alike become one, and everything that led to them leads there', () => {
  const shelf = emptyShelf();
  const [large, , small] = placeAll(shelf, [
    draft('ferry sinks palmera dead'),
    draft('ferry sinks palmera rescue'),
    draft('captain arrested harbour inquiry'),
  ]);
  assert.ok(large && small && large !== small);
  Object.assign(small, { centroid: new Map([...small.centroid, ...large.centroid]) });
  mergeWithNearest(shelf, large, [...probesOf(large, 8)]);
  assert.equal(small.mergedInto, undefined, 'it is in the index under its old words only');
  mergeWithNearest(shelf, small, probesOf(small, 8));
  assert.equal(current(small), large);
  assert.equal(large.size, 3);
  assert.ok(!shelf.stories.has(small));
  assert.equal(place(shelf, draft('captain arrested harbour palmera ferry')), large);
});

test('a centroid keeps its heaviest terms, and the same ones whatever the order', () => {
  const one = new Map([
    ['b', 1],
    ['a', 1],
    ['c', 3],
  ]);
  assert.deepEqual([...sum(one, new Map([['d', 0.5]]), 2).keys()], ['c', 'a']);
  assert.equal(cosine(one, new Map([['x', 1]])), 0);
  assert.ok(Math.abs(cosine(one, one) - 1) < 1e-12);
});
