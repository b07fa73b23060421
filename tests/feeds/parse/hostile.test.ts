import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ParsedFeed } from '../../../src/feeds/entry.ts';
import { readFeed } from '../../../src/feeds/parse/read-feed.ts';

const SOURCE = { contentType: null, url: 'http://feed.test/feed', defaultZone: null };
const readText = (text: string) => readFeed(new TextEncoder().encode(text), SOURCE);
const rss = (inside: string) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>${inside}</channel></rss>`;

async function feedOf(text: string): Promise<ParsedFeed> {
  const result = await readText(text);
  assert.equal(result.kind, 'feed');
  return result.kind === 'feed' ? result.feed : assert.fail();
}

test('entities never nest: a billion laughs are ten words', async () => {
  const levels = Array.from({ length: 9 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`);
  const { entries } = await feedOf(
    `<!DOCTYPE rss [<!ENTITY l0 "lol">${levels.join('')}]>${rss('<item><title>&l0;</title><description>&l9;</description></item>')}`,
  );
  assert.equal(entries[0]?.title, 'lol');
  assert.equal(entries[0]?.summary, '&l8;'.repeat(10));
});

test('the expansions of a document have one limit', async () => {
  const item = `<item><description>${'&a;'.repeat(2000)}</description></item>`;
  const { entries } = await feedOf(`<!DOCTYPE rss [<!ENTITY a "${'x'.repeat(1000)}">]>${rss(item)}`);
  assert.ok((entries[0]?.content.length ?? 0) <= 1 << 18);
});

test('external entities are not read', async () => {
  const dtd = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>';
  const { entries } = await feedOf(`${dtd}${rss('<item><title>&x;</title></item>')}`);
  assert.equal(entries[0]?.title, '&x;');
});

test('100,000 levels: what stands before them is read', async () => {
  const deep = `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`;
  const { entries } = await feedOf(rss(`<item><title>before</title></item><item><title>around</title>${deep}</item>`));
  assert.deepEqual(
    entries.map((entry) => entry.title),
    ['before', 'around'],
  );
});

test('100,000 levels of HTML come out as few, and balanced', async () => {
  const { entries } = await feedOf(
    rss(`<item><description><![CDATA[${'<div>'.repeat(100_000)}x]]></description></item>`),
  );
  const content = entries[0]?.content ?? '';
  assert.equal(content.split('<div>').length, content.split('</div>').length);
  assert.ok(content.length < 10_000);
  assert.equal(entries[0]?.summary, 'x');
});

test('of 100,000 entries the newest 1,000 are kept, in their order', async () => {
  const item = (day: number) =>
    `<item><guid isPermaLink="false">${day}</guid><pubDate>${new Date(day * 6e5).toUTCString()}</pubDate></item>`;
  const days = Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 100_000);
  const { entries } = await feedOf(rss(days.map(item).join('')));
  assert.deepEqual(
    entries.map((entry) => Number(entry.guid)),
    days.filter((day) => day >= 99_000),
  );
});

test('entries without dates: the first 1,000 are kept', async () => {
  const items = Array.from({ length: 6000 }, (_, index) => `<item><guid isPermaLink="false">${index}</guid></item>`);
  const { entries } = await feedOf(rss(items.join('')));
  assert.deepEqual([entries.length, entries[0]?.guid, entries.at(-1)?.guid], [1000, '0', '999']);
});

test('texts are cut to what is stored', async () => {
  const long = 'x'.repeat(10_000_000);
  const words = Array.from({ length: 500 }, (_, index) => `<category>${index}${'y'.repeat(500)}</category>`).join('');
  const { entries } = await feedOf(
    rss(`<item><title>${long}</title><link>http://a.test/${long}</link><guid>${long}</guid><author>${long}</author>${words}
      <description>${'é'.repeat(100_000)}</description></item>`),
  );
  const [entry] = entries;
  assert.ok(entry !== undefined);
  assert.equal(entry.title.length, 1000);
  assert.equal(Buffer.byteLength(entry.summary), 64 * 1024);
  assert.equal(entry.author?.length, 255);
  assert.equal(entry.keywords.length, 64);
  assert.ok(entry.keywords.every((word) => word.length <= 128));
  assert.equal(entry.url, null);
  assert.ok((entry.guid?.length ?? 0) <= 2048);
});

test('unfinished and quadratic markup is text of bounded size', async () => {
  for (const piece of [
    '<',
    '<a ',
    '<p',
    '<a b="',
    '<a b=\'" ',
    '<!--',
    '<![CDATA[',
    '</',
    '&',
    '<?',
    '</script ',
    '<a =',
  ]) {
    const { entries } = await feedOf(
      rss(`<item><title>t</title><description><![CDATA[${piece.repeat(300_000)}]]></description></item>`),
    );
    assert.equal(entries[0]?.title, 't', piece);
    assert.ok((entries[0]?.content.length ?? 0) <= 6 << 20, piece);
    assert.ok((entries[0]?.summary.length ?? 0) <= 64 * 1024, piece);
  }
});

test('100,000 end tags of nothing, attributes and namespaces cost nothing but themselves', async () => {
  const attributes = Array.from({ length: 100_000 }, (_, index) => `a${index}="x"`).join(' ');
  const spaces = Array.from({ length: 20_000 }, (_, index) => `<b xmlns:n${index}="u${index}"><n${index}:c/></b>`).join(
    '',
  );
  const { entries } = await feedOf(
    rss(`<item><title>t</title>${'<a>'.repeat(200)}${'</b>'.repeat(100_000)}<c ${attributes}/>${spaces}</item>`),
  );
  assert.equal(entries[0]?.title, 't');
});

test('JSON of millions of values is refused before it is parsed', async () => {
  const result = await readText(`{"version":"https://jsonfeed.org/version/1","items":[${'[],'.repeat(1_000_000)}[]]}`);
  assert.equal(result.kind, 'not-a-feed');
});

test('no element reaches a prototype', async () => {
  await feedOf(
    rss(
      '<__proto__ polluted="1"/><item><__proto__><polluted>1</polluted></__proto__><constructor polluted="1"/></item>',
    ),
  );
  assert.equal('polluted' in {}, false);
});

const OTHERS: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  [' \n\t', /empty/],
  ['<!DOCTYPE html><html><head><title>Our shop</title></head><body></body></html>', /HTML page, "Our shop"/],
  ['<html><head><title>Before you continue: cookies</title></head></html>', /asks for consent/],
  ['<html><head><title>Just a moment...</title></head></html>', /keeps programs out/],
  ['<html><head><link rel="alternate" type="application/rss+xml" href="/f"></head></html>', /links to a feed/],
  ['{"error":"not found"}', /JSON/],
  ['[1,2', /JSON/],
  ['<opml version="2.0"><body/></opml>', /OPML/],
  ['<urlset/>', /sitemap/],
  ['<note>hello</note>', /<note>/],
  ['Service unavailable', /plain text/],
  ['\u0000\u0001\u0002', /plain text|binary/],
];

for (const [text, message] of OTHERS) {
  test(`is no feed: ${JSON.stringify(text).slice(0, 60)}`, async () => {
    const result = await readText(text);
    assert.equal(result.kind, 'not-a-feed');
    assert.match(result.kind === 'not-a-feed' ? result.message : '', message);
  });
}

test('a feed without entries is a feed', async () => {
  assert.deepEqual((await feedOf('<feed xmlns="http://www.w3.org/2005/Atom"><title>Empty</title></feed>')).entries, []);
  assert.deepEqual((await feedOf('<rss/>')).entries, []);
});

const pieces = fc.constantFrom(
  ...[
    '<rss>',
    '<channel>',
    '<item>',
    '</item>',
    '<entry>',
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    '<title>',
    '</title>',
    '<link href="',
    '"/>',
  ],
  ...[
    '<description>',
    '</description>',
    '<![CDATA[',
    ']]>',
    '<content type="xhtml">',
    '<pubDate>',
    '<guid>',
    '&amp;',
    '&#x0;',
    '&#xd800;',
    '<!DOCTYPE x [',
  ],
  ...[
    '<!ENTITY a "',
    '">]>',
    '<?xml encoding="utf-16"?>',
    '{"items":[',
    ']}',
    ' xmlns:x="',
    '<x:y>',
    '\u0000',
    '\ud800',
    '😀',
    '<rdf:RDF>',
    'xml:base="::"',
  ],
);

test('any bytes give a result, and clean text', async () => {
  const bodies = fc.oneof(
    fc.constant(new TextEncoder().encode('<"\0>')),
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 })
      .map((parts) => new TextEncoder().encode(parts.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const result = await readFeed(body, SOURCE);
      assert.doesNotMatch(JSON.stringify(result), /\\u0000|\\ud[89a-f]/);
    }),
    { numRuns: 500 },
  );
});
