import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodedError } from '../../src/errors.ts';
import { readOpml } from '../../src/feeds/opml.ts';
import type { OpmlFeed } from '../../src/feeds/opml-feed.ts';
import { writeOpml } from '../../src/feeds/write-opml.ts';
import { opmlFeeds, plainText } from './opml-arbitraries.ts';

const wrap = (outlines: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><head><title>T</title></head><body>${outlines}</body></opml>`;

const feedsOf = (text: string) => readOpml(text).feeds;

const place = (position: number, ...folders: string[]) => ({ folders, position });

test('folders, nested ones too, are categories', () => {
  const feeds = feedsOf(
    wrap(`<outline text="World"><outline text="Asia &amp; Pacific">
        <outline type="rss" text="A" xmlUrl="https://a.example/f?x=1&amp;y=2" htmlUrl="https://a.example/" language="ja"/></outline>
        <outline type="rss" text="W" xmlUrl="https://w.example/f"/></outline>
      <outline text="mine" title="loose" type="rss" xmlUrl="https://l.example/f" description="d&#10;e" category="x"/>`),
  );
  assert.deepEqual(feeds, [
    {
      ...{ url: 'https://a.example/f?x=1&y=2', title: 'A', siteUrl: 'https://a.example/', language: 'ja' },
      categories: ['World', 'Asia & Pacific'],
      outline: { places: [place(0, 'World', 'Asia & Pacific')] },
    },
    {
      ...{ url: 'https://w.example/f', title: 'W', siteUrl: null, language: null, categories: ['World'] },
      outline: { places: [place(1, 'World')] },
    },
    {
      ...{ url: 'https://l.example/f', title: 'loose', siteUrl: null, language: null, categories: ['x'] },
      outline: { text: 'mine', description: 'd e', category: 'x', places: [place(2)] },
    },
  ]);
});

test('what newsrank does not know comes back as it went in, folders too', () => {
  const given = `<?xml version="1.0"?><opml version="2.0" xmlns:my="urn:mine"><head><title>T</title></head><body>
    <outline text="short" title="World" icon="🌍" my:open="true"><outline title="Asia" text="Asia" isComment="false">
      <outline type="atom" text="A" title="A" xmlUrl="https://a.example/f" created="Tue, 05 Nov 2024 10:00:00 GMT" fetchEvery="3 &amp; 1" my:key="&lt;v&gt;" other:lost="x" __proto__="p" outlines="o"/>
      <outline type="rss" text="B" title="B" xmlUrl="https://b.example/f"/>
    </outline></outline></body></opml>`;
  const feeds = feedsOf(given);
  assert.deepEqual(feeds[0]?.outline.attributes, {
    ...{ type: 'atom', created: 'Tue, 05 Nov 2024 10:00:00 GMT', fetchEvery: '3 & 1' },
    ...{ 'xmlns:my': 'urn:mine', 'my:key': '<v>' },
  });
  assert.equal(feeds[1]?.outline.attributes, undefined);
  assert.deepEqual(feeds[1]?.outline.places?.[0]?.attributes, [
    { icon: '🌍', 'xmlns:my': 'urn:mine', 'my:open': 'true', text: 'short' },
    { isComment: 'false' },
  ]);
  const written = writeOpml(feeds, 'T');
  assert.match(written, /<outline text="short" title="World" xmlns:my="urn:mine" icon="🌍" my:open="true">/);
  assert.match(written, /<outline text="Asia" isComment="false" title="Asia">/);
  assert.match(written, /my:key="&lt;v&gt;"/);
  assert.deepEqual(feedsOf(written), feeds);
});

test('a feed in two folders is one feed in two categories', () => {
  const feed = '<outline type="rss" text="F" xmlUrl="https://f.example/"/>';
  const [found] = feedsOf(
    wrap(`<outline text="政治">${feed}</outline><outline title="Sport" text="s">${feed}</outline>`),
  );
  assert.deepEqual(found?.categories, ['政治', 'Sport']);
  assert.deepEqual(found?.outline.places, [place(0, '政治'), { ...place(1, 'Sport'), attributes: [{ text: 's' }] }]);
});

test('the category attribute adds categories, paths by their parts', () => {
  const [feed] = feedsOf(wrap('<outline text="F" category="/Boston/Weather, Harvard,," xmlUrl="https://f.example/"/>'));
  assert.deepEqual(feed?.categories, ['Boston', 'Weather', 'Harvard']);
});

test('odd but common files are read', () => {
  const upper = '<OPML version="1.1"><BODY><OUTLINE TEXT="F" XMLURL="https://f.example/"/></BODY></OPML>';
  assert.equal(feedsOf(upper)[0]?.url, 'https://f.example/');
  assert.equal(feedsOf(`\uFEFF${wrap('<outline text="F" xmlUrl="https://f.example/"/>')}`).length, 1);
  assert.equal(feedsOf(wrap('<outline type="rss" text="F" url="https://f.example/"/>')).length, 1);
  assert.deepEqual(feedsOf(wrap('<outline type="link" text="page" url="https://f.example/"/>')), []);
  assert.deepEqual(feedsOf(wrap('')), []);
  assert.deepEqual(feedsOf('<opml version="2.0"><head><title>T</title></head></opml>'), []);
  assert.deepEqual(feedsOf('<opml/>'), []);
});

test('what is no OPML is refused with the reason', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    ['  \n', /empty/],
    ['hello', /no <opml>/],
    ['{"a":1}', /no <opml>/],
    ['<rss version="2.0"><channel/></rss>', /looks like a feed/],
    ['<!doctype html><html><body></body></html>', /web page/],
    ['<opml version="2.0"><body><outline text="F" xmlUrl="https://f.example/"/>', /cut off/],
  ];
  for (const [text, says] of cases) {
    assert.throws(
      () => feedsOf(text),
      (error) => error instanceof CodedError && error.code === 'opml-unreadable' && says.test(error.message),
      text,
    );
  }
});

/** The places of each folder, in order: what a reader of the file sees. */
function tree(feeds: readonly OpmlFeed[]) {
  const folders = new Map<string, { url: string; position: number }[]>();
  for (const { url, outline } of feeds) {
    for (const { folders: path, position } of outline.places ?? []) {
      const key = JSON.stringify(path);
      folders.set(key, [...(folders.get(key) ?? []), { url, position }]);
    }
  }
  return [...folders]
    .map(([key, found]) => [key, found.sort((a, b) => a.position - b.position).map(({ url }) => url)])
    .sort();
}

test('nothing is lost in a round trip', () => {
  const byUrl = (feeds: readonly OpmlFeed[]) =>
    new Map(
      feeds.map(({ categories, outline: { places: _, ...outline }, ...feed }) => [
        feed.url,
        { ...feed, categories: [...categories].sort(), outline },
      ]),
    );
  fc.assert(
    fc.property(opmlFeeds, plainText, (feeds, title) => {
      const once = feedsOf(writeOpml(feeds, title));
      assert.deepEqual(byUrl(once), byUrl(feeds));
      assert.deepEqual(tree(once), tree(feeds));
      assert.deepEqual(feedsOf(writeOpml(once, title)), once);
    }),
  );
});

test('feeds that were never in a file lie in a folder for each category', () => {
  const feed = { url: 'https://f.example/', title: '', siteUrl: null, language: null, outline: {} };
  const [found] = feedsOf(writeOpml([{ ...feed, categories: ['A', 'B'] }], 'T'));
  assert.deepEqual([found?.title, found?.outline.places], ['', [place(0, 'A'), place(1, 'B')]]);
  assert.deepEqual(feedsOf(writeOpml([{ ...feed, categories: [] }], 'T'))[0]?.outline.places, [place(0)]);
});

test('a feed that left a category leaves its folder and attribute; one that joined another gets a folder', () => {
  const [feed] = feedsOf(
    wrap(
      '<outline text="A"><outline text="B"><outline text="F" category="C" xmlUrl="https://f.example/"/></outline></outline>',
    ),
  );
  assert.ok(feed);
  const [moved] = feedsOf(writeOpml([{ ...feed, categories: ['A', 'D'] }], 'T'));
  assert.deepEqual(moved?.outline, { places: [place(0, 'A'), place(1, 'D')] });
});

test('folders may nest deeper than functions can, or the file is refused', () => {
  const depth = 20_000;
  const feed = '<outline text="F" xmlUrl="https://f.example/"/>';
  try {
    feedsOf(wrap(`${'<outline>'.repeat(depth)}${feed}${'</outline>'.repeat(depth)}`));
  } catch (error) {
    assert.ok(error instanceof CodedError);
  }
});

test('ten thousand feeds in hundreds of folders are written and read with a linear number of steps', () => {
  const many = Array.from({ length: 10_000 }, (_, index): OpmlFeed => {
    const places = [place(index, `Folder ${index % 300}`), place(index + 10_000, 'All', `Letter ${index % 26}`)];
    return {
      ...{ url: `https://h${index}.example/feed`, title: `Feed <${index}> & "more"`, siteUrl: null, language: 'en' },
      ...{ categories: [`Folder ${index % 300}`, 'All', `Letter ${index % 26}`], outline: { places } },
    };
  });
  const text = writeOpml(many, 'All of them');
  const back = feedsOf(text);
  assert.equal(back.length, 10_000);
  assert.deepEqual(tree(back), tree(many));
});

test('any text is read or refused with a CodedError', () => {
  const piece = fc.constantFrom(
    '<opml>',
    '</opml>',
    '<body>',
    '<outline ',
    'xmlUrl="',
    '"',
    '/>',
    '>',
    '<',
    '&',
    ']]>',
    '<!--',
    '<!DOCTYPE x [',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
      try {
        feedsOf(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof CodedError);
      }
    }),
  );
});

test('what is no feed comes back where it stood: empty folders, links, lines of text', () => {
  const feed = '<outline type="rss" text="F" title="F" xmlUrl="https://f.example/"/>';
  const given = wrap(`<outline type="link" text="A page" url="https://p.example/"/>
    <outline text="World" title="World"><outline text="Empty" icon="x"/>${feed}<outline text="a note" isComment="true"/></outline>
    <outline/>`);
  const { feeds, others } = readOpml(given);
  assert.deepEqual(others, [
    { ...place(0), outline: { text: 'A page', url: 'https://p.example/', type: 'link' } },
    { ...place(1, 'World'), outline: { text: 'Empty', icon: 'x' } },
    { ...place(3, 'World'), outline: { text: 'a note', isComment: 'true' } },
  ]);
  const written = writeOpml(feeds, 'T', others);
  assert.deepEqual(readOpml(written), { feeds, others, outlinesLeftOut: 0 });
  assert.deepEqual(readOpml(writeOpml([], 'T', others)).others.length, 3, 'also where no feed is left');
});

test('of outlines without a feed ten thousand are kept, and how many are not is said', () => {
  const { feeds, others, outlinesLeftOut } = readOpml(
    wrap(`${'<outline text="a note"/>'.repeat(10_002)}<outline/><outline text="F" xmlUrl="https://f.example/"/>`),
  );
  assert.deepEqual([feeds.length, others.length, outlinesLeftOut], [1, 10_000, 2]);
});

test('the head says whose list it is, also of one without feeds, and nothing of the file that came in', () => {
  const given = '<opml version="2.0"><head><title>Theirs</title><ownerName>Ann</ownerName></head><body></body></opml>';
  const written = writeOpml(readOpml(given).feeds, 'Ours & <Co>');
  assert.equal(
    written,
    '<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0"><head><title>Ours &amp; &lt;Co&gt;</title></head><body/></opml>\n',
  );
  assert.deepEqual(readOpml(written).feeds, []);
});
