import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Parser from 'rss-parser';
import { FeedParser, NotAFeedError } from '../../../src/feeds/parse/feed-parser.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/feeds/${name}`, import.meta.url), 'utf8');
const ours = () => new FeedParser({ url: 'http://feed.test/feed', defaultZone: null });

/** What plain rss-parser reads well is the oracle: it must not get worse. */
for (const name of ['rss-2.0.xml', 'atom-1.0.xml', 'rss-1.0.xml', 'podcast.xml']) {
  test(`gives rss-parser's own items for ${name}`, async () => {
    // rss-parser refuses inline markup that is not well-formed, and RDF without a list of items.
    const xml = fixture(name).replace('<p>Inline', 'Inline');
    const plain = await new Parser().parseString(xml);
    const own = await ours().parseString(xml);
    assert.equal(own.items.length, plain.items.length);
    for (const [index, expected] of plain.items.entries()) {
      const item = own.items[index];
      assert.deepEqual(Object.keys(item?.enclosure ?? {}), Object.keys(expected.enclosure ?? {}));
      if (expected.guid !== undefined) assert.equal(item?.guid, expected.guid);
      if (expected.link !== undefined && /^https?:/.test(expected.link)) assert.equal(item?.link, expected.link);
      if (typeof expected.title === 'string' && !expected.title.includes('<'))
        assert.equal(item?.title?.trim(), expected.title.trim());
    }
  });
}

test('items have the shape that rss-parser documents', async () => {
  const { items, title, feedUrl } = await ours().parseString(fixture('rss-2.0.xml'));
  const [item] = items;
  assert.equal(title, 'Harbour Times & Tide');
  assert.equal(feedUrl, 'https://harbour.example/feed.xml');
  assert.equal(item?.link, 'https://harbour.example/ferry?a=1&b=2');
  assert.equal(item?.isoDate, '2024-05-28T01:00:00.000Z');
  assert.deepEqual(item?.categories, ['Ships', 'People']);
  assert.equal(item?.creator, 'Ada Quay');
  assert.deepEqual(
    { ...item?.enclosure },
    { url: 'https://harbour.example/ferry.mp3', length: '4096', type: 'audio/mpeg' },
  );
});

test('markup never reaches the snippets of rss-parser', async () => {
  const { items } = await ours().parseString(
    `<rss><channel><item><description>${'&lt;p'.repeat(50_000)}</description></item></channel></rss>`,
  );
  assert.equal(items[0]?.contentSnippet, undefined);
  assert.equal(items[0]?.draft.summary?.text.length, 100_000);
});

test('what is no feed is told by its first element', async () => {
  await assert.rejects(
    ours().parseString('<note/>'),
    (error) => error instanceof NotAFeedError && error.first === 'note',
  );
});
