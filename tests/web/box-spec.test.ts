import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CategorySlug, categorySlug, newArticleId } from '../../src/ids.ts';
import { WINDOWS } from '../../src/views/keys.ts';
import { accessBox, BOX_VIEWS, boxSpecIn, boxUrl, popularBox } from '../../src/web/box-spec.ts';

test('the URL of a box says all that is needed to make it again', () => {
  const scopes = fc.oneof(
    fc.constant('site' as const),
    fc.string({ unit: 'grapheme', minLength: 1 }).map((name): CategorySlug => categorySlug(name)),
  );
  const excluded = fc.option(fc.nat().map((n) => newArticleId(new Date(1_732_000_000_000), n)));
  fc.assert(
    fc.property(
      scopes,
      fc.constantFrom(...WINDOWS),
      excluded,
      fc.constantFrom(...BOX_VIEWS),
      (scope, window, id, view) => {
        for (const spec of [accessBox(scope, window, id, view), popularBox(scope, id, view)]) {
          const url = new URL(boxUrl(spec), 'http://localhost');
          assert.equal(url.pathname, `/fragments/rankings/${spec.kind}`);
          assert.deepEqual(boxSpecIn(spec.kind, Object.fromEntries(url.searchParams)), spec);
        }
      },
    ),
  );
});

test('nonsense in a query falls back to the usual box', () => {
  const query = { window: '9y', exclude: '../..', view: ['long'], category: ['a', 'b'] };
  assert.deepEqual(boxSpecIn('access', query), accessBox('site', '24h', null));
});
