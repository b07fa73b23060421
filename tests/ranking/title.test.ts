import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CategorySlug } from '../../src/ids.ts';
import { listTitle } from '../../src/ranking/title.ts';

const politics = 'politics' as CategorySlug;
const names = { siteName: 'JN', categoryName: 'Politics' };

test('titles are those that newspapers print', () => {
  assert.equal(listTitle({ kind: 'popular', scope: politics, window: null }, names), '"Politics" POPULAR ARTICLE');
  assert.equal(listTitle({ kind: 'access', scope: politics, window: '24h' }, names), '"Politics" ACCESS RANKING');
  assert.equal(listTitle({ kind: 'access', scope: 'site', window: '24h' }, names), 'JN ACCESS RANKING');
  assert.equal(listTitle({ kind: 'popular', scope: 'site', window: null }, names), 'JN POPULAR ARTICLE');
});

test('a category without a known name goes by its slug', () => {
  assert.equal(
    listTitle({ kind: 'access', scope: politics, window: '1h' }, { siteName: 'JN' }),
    '"politics" ACCESS RANKING',
  );
});
