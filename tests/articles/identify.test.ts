import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { draftArticle } from '../../src/articles/draft.ts';
import { identify } from '../../src/articles/identify.ts';
import { isSameTitle } from '../../src/articles/same-title.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { feedId } from '../../src/ids.ts';
import { entryOf, later, NOW } from './entries.ts';

const FEED = { id: feedId(1), host: 'example.com' };

/** The titles of what a document's entries come to. */
function titlesOf(...entries: Partial<Entry>[]): string[] {
  const drafts = entries.map((given) => draftArticle(entryOf(given), FEED, NOW)).filter((draft) => draft !== undefined);
  return identify(drafts).map(({ draft }) => draft.title);
}

const at = (path: string) => `https://example.com${path}`;

describe('identify', () => {
  it('keeps entries that have nothing in common, in their order', () => {
    assert.deepEqual(titlesOf({ guid: '1', title: 'One' }, { url: at('/2'), title: 'Two' }, { title: 'Three' }), [
      'One',
      'Two',
      'Three',
    ]);
  });

  it('takes the newest of entries with one guid and one link, the first where dates say nothing', () => {
    const entry = { guid: 'g', url: at('/a') };
    assert.deepEqual(
      titlesOf({ ...entry, title: 'Old', publishedAt: later(-9) }, { ...entry, title: 'New', publishedAt: later(-1) }),
      ['New'],
    );
    assert.deepEqual(titlesOf({ ...entry, title: 'First' }, { ...entry, title: 'Second' }), ['First']);
  });

  it('does not believe a guid that several articles have', () => {
    const [one, two, three] = [1, 2, 3].map((n) => ({ guid: 'g', url: at(`/${n}`), title: `Title ${n}` }));
    assert.deepEqual(titlesOf({ ...one }, { ...two }, { ...three }), ['Title 1', 'Title 2', 'Title 3']);
    assert.deepEqual(titlesOf({ guid: 'g', title: 'One' }, { guid: 'g', title: 'Two' }), ['One', 'Two']);
  });

  it('does not believe a link that several articles have', () => {
    for (const url of [at('/page'), at('/'), at('/page#1')]) {
      assert.deepEqual(
        titlesOf({ guid: '1', url, title: 'One' }, { guid: '2', url: at('/page'), title: 'Two' }).length,
        2,
      );
      assert.deepEqual(titlesOf({ url, title: 'One' }, { url, title: 'Two' }).length, 2);
    }
  });

  it('tells the places of one page apart, even under one title', () => {
    const place = (n: number) => ({ url: at(`/letters#${n}`), title: 'The newsletter' });
    assert.equal(titlesOf(place(1), place(2), place(3)).length, 3);
    assert.equal(titlesOf(place(1), { ...place(1), url: at('/letters#utm_source=rss') }).length, 1);
  });

  it('takes a corrected title under one guid, or an update under one link, for a revision', () => {
    const old = { title: 'Erstmals über eine Million Beschäftigte in der ITK-Branche', url: at('/million') };
    const corrected = { title: 'Erstmals über eine Millionen Beschäftigte in der ITK-Branche', url: at('/millionen') };
    assert.equal(titlesOf({ guid: 'g', ...old }, { guid: 'g', ...corrected }).length, 1);
    assert.deepEqual(
      titlesOf(
        { guid: '2', url: at('/a'), title: 'Eto Dismissed (UPDATE 2)', publishedAt: later(-1) },
        { guid: '1', url: at('/a'), title: 'Eto Dismissed', publishedAt: later(-2) },
      ),
      ['Eto Dismissed (UPDATE 2)'],
    );
  });

  it('joins entries over several steps', () => {
    const title = 'The same title';
    assert.equal(
      titlesOf(
        { guid: '1', url: at('/a'), title },
        { guid: '2', url: at('/b'), title },
        { guid: '2', url: at('/a'), title },
      ).length,
      1,
    );
  });

  it('never lets two articles of a document share a key', () => {
    const entries = ['1', '2'].flatMap((guid) =>
      ['/a', '/b'].flatMap((path) => ['One', 'Other'].map((title) => entryOf({ guid, url: at(path), title }))),
    );
    const drafts = entries.map((entry) => draftArticle(entry, FEED, NOW)).filter((draft) => draft !== undefined);
    const candidates = identify(drafts);
    const keys = candidates.flatMap(({ entries, guids, urls, weak }) => [...entries, ...guids, ...urls, ...weak]);
    assert.equal(new Set(keys).size, keys.length);
    for (const { guids, urls, shared } of candidates)
      assert.ok(![...guids, ...urls].some((key) => shared.includes(key)));
  });

  it('is quick with a thousand entries under one guid and one link', () => {
    const entries = Array.from({ length: 1000 }, (_, n) => ({
      guid: 'g',
      url: at('/a'),
      title: `${n} ${'x'.repeat(900)}`,
    }));
    assert.equal(titlesOf(...entries).length, 1);
  });
});

describe('isSameTitle', () => {
  const table: [string, string, boolean][] = [
    ['Eto dismissed', 'ETO  Dismissed!', true],
    ['Eto dismissed', 'UPDATE 2-Eto dismissed', true],
    ['Eto dismissed', 'Eto dismissed (UPDATE 2)', true],
    ['Ｔｏｙｏｔａ', 'Toyota', true],
    ['Selbstverschlüsselnde Festplatten leicht knackbar', 'Selbst verschlüsselnde Festplatten leicht knackbar', true],
    ['Results of the league, day 3', 'Results of the league, day 4', false],
    ['Article A', 'Article B', false],
    ['', 'Anything', false],
  ];
  for (const [a, b, expected] of table) {
    it(`${a} / ${b}: ${expected}`, () => {
      assert.equal(isSameTitle(a, b), expected);
      assert.equal(isSameTitle(b, a), expected);
    });
  }
});
