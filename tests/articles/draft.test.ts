import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { draftArticle } from '../../src/articles/draft.ts';
import { guidKey, urlKey } from '../../src/articles/keys.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { feedId } from '../../src/ids.ts';
import { entryOf, later, NOW } from './entries.ts';

const FEED = { id: feedId(7), host: 'example.com' };
const ITEM = entryOf({ guid: 'g', url: 'https://example.com/a', title: 'A' });

function draftOf(given: Partial<Entry>, now = NOW) {
  const draft = draftArticle(entryOf(given), FEED, now);
  assert.ok(draft);
  return draft;
}

describe('draftArticle', () => {
  it('cuts to size, never through a character', () => {
    const draft = draftOf({
      ...ITEM,
      guid: 'g'.repeat(5000),
      title: `${'x'.repeat(999)}😀`,
      summary: 's'.repeat(70_000),
      author: 'a'.repeat(300),
      image: `https://example.com/${'i'.repeat(3000)}.png`,
    });
    assert.equal(draft.title, 'x'.repeat(999));
    assert.equal(draft.summary.length, 65_536);
    assert.equal(draft.author?.length, 255);
    assert.equal(draft.guid.length, 1024);
    assert.equal(draft.image, null);
    assert.equal(draft.guidKey, guidKey(FEED.id, 'g'.repeat(5000)));
  });

  it('shows no link that is too long to store, but knows the article by it', () => {
    const url = `https://example.com/${'u'.repeat(3000)}`;
    const draft = draftOf({ ...ITEM, url });
    assert.equal(draft.url, null);
    assert.equal(draft.urlKey, urlKey(url));
  });

  it('makes a title of the first words of the summary', () => {
    assert.equal(draftOf({ summary: 'Short\n note.' }).title, 'Short note.');
    const made = draftOf({ summary: 'word '.repeat(60) }).title;
    assert.match(made, /^(?:word ){10,15}word…$/);
    assert.equal(draftOf({ summary: '政'.repeat(200) }).title, `${'政'.repeat(80)}…`);
  });

  it('shows the link where there are no words at all', () => {
    const draft = draftOf({ guid: 'g', url: 'https://example.com/a', title: '', content: '<p></p>' });
    assert.equal(draft.title, 'example.com/a');
  });

  it('leaves no direction open, whatever was cut', () => {
    const open = '\u202e';
    const closed = '\u202c';
    const draft = draftOf({ ...ITEM, title: `a${open}b`, author: `A${open}`, summary: `${open}${'word '.repeat(60)}` });
    assert.equal(draft.title, `a${open}b${closed}`);
    assert.equal(draft.author, `A${open}${closed}`);
    assert.ok(draft.summary.endsWith(`word${closed}`));
    assert.ok(draftOf({ ...ITEM, title: '', summary: draft.summary }).title.endsWith(`word…${closed}`));
    assert.equal(draftOf({ ...ITEM, title: open + 'x'.repeat(2000) }).title, `${open}${'x'.repeat(999)}${closed}`);
  });

  it('takes a title that nobody sees for none', () => {
    for (const unseen of ['\u200b', '\u3164 \u115f', '\u202e\u202c', '\u00ad\ufeff', '\u2800']) {
      assert.equal(draftOf({ ...ITEM, title: unseen, summary: 'A note.' }).title, 'A note.');
      assert.equal(draftOf({ ...ITEM, title: unseen, summary: unseen }).title, 'example.com/a');
      assert.equal(draftArticle(entryOf({ guid: 'g', title: unseen, summary: unseen }), FEED, NOW), undefined);
    }
    assert.equal(draftOf({ title: '👍🏽' }).title, '👍🏽');
  });

  it('refuses an entry with neither title, summary nor link', () => {
    assert.equal(draftArticle(entryOf({ guid: 'g', content: '<p></p>' }), FEED, NOW), undefined);
    assert.equal(draftArticle(entryOf({ title: ' \u0000\n' }), FEED, NOW), undefined);
  });

  it('dates by the feed, then by the update, then by the first sight', () => {
    const published = later(-60);
    const updated = later(-30);
    const dates = (given: Partial<Entry>) => {
      const { publishedAt, publishedFrom, updatedAt } = draftOf({ ...ITEM, ...given });
      return [publishedAt, publishedFrom, updatedAt];
    };
    assert.deepEqual(dates({ publishedAt: published, updatedAt: updated }), [published, 'feed', updated]);
    assert.deepEqual(dates({ publishedAt: published }), [published, 'feed', published]);
    assert.deepEqual(dates({ updatedAt: updated }), [updated, 'updated', updated]);
    assert.deepEqual(dates({}), [NOW, 'first-seen', NOW]);
    assert.deepEqual(dates({ publishedAt: later(99), updatedAt: later(99) }), [NOW, 'feed', NOW]);
    assert.deepEqual(dates({ publishedAt: updated, updatedAt: published }), [updated, 'feed', updated]);
    assert.deepEqual(dates({ publishedAt: new Date(Number.NaN) }), [NOW, 'first-seen', NOW]);
    assert.deepEqual(dates({ publishedAt: new Date(-8.64e15) }), [NOW, 'first-seen', NOW]);
  });

  it('keeps the same keys and hash between polls, whatever the entry lacks', () => {
    const full = { ...ITEM, publishedAt: later(-60) };
    for (const lack of [{}, { guid: null }, { url: null }, { guid: null, url: null }, { publishedAt: null }]) {
      const [one, two] = [draftOf({ ...full, ...lack }), draftOf({ ...full, ...lack }, later(3000))];
      assert.deepEqual(
        [one.guidKey, one.urlKey, one.entryKey, one.contentHash],
        [two.guidKey, two.urlKey, two.entryKey, two.contentHash],
      );
    }
  });

  it('tells untitled days apart: without guid and link the title and the day are the key', () => {
    const day = (publishedAt: Date | null) => draftOf({ title: 'Weather', publishedAt }).guidKey;
    assert.notEqual(day(later(0)), day(later(24 * 60)));
    assert.equal(day(later(0)), day(later(1)));
    assert.equal(day(null), draftOf({ title: 'Weather' }, later(24 * 60)).guidKey);
  });

  it('does not take a front page for an article', () => {
    assert.equal(draftOf({ ...ITEM, url: 'http://www.example.com/?utm_source=rss' }).urlKey, null);
    assert.equal(draftOf({ ...ITEM, url: 'javascript:alert(1)' }).url, null);
  });

  it('changes the hash with each word that is shown, and with no date', () => {
    const hash = (given: Partial<Entry>) => draftOf({ ...ITEM, ...given }).contentHash;
    const shown = [
      {},
      { title: 'B' },
      { url: 'https://example.com/b' },
      { summary: 's' },
      { content: 'c' },
      { author: 'x' },
      { image: 'https://example.com/i.png' },
    ];
    assert.equal(new Set(shown.map(hash)).size, shown.length);
    assert.equal(hash({ publishedAt: later(-5), updatedAt: later(-1) }), hash({}));
  });

  it('leaves only text that PostgreSQL stores', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '\0', 'a', '\u007f') }),
        (a, b) => {
          const draft = draftArticle(
            entryOf({ title: a + b, summary: b + a, content: b, author: b, guid: b }),
            FEED,
            NOW,
          );
          if (draft === undefined) return;
          for (const text of [draft.title, draft.summary, draft.content, draft.author ?? '', draft.guid]) {
            assert.equal(Buffer.from(text).toString(), text);
            assert.ok(!text.includes('\0'));
          }
        },
      ),
    );
  });
});
