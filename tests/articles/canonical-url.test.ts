import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalUrl, isFrontPage, linkUrl } from '../../src/articles/canonical-url.ts';
import { URL_RULES } from '../../src/articles/url-rules.ts';

const A = 'https://example.com/a';

/** given · canonical, or null · shown, where it is not the given one */
const TABLE: readonly (readonly [string, string | null, (string | null)?])[] = [
  // scheme, host, port, path
  ['http://example.com/a', A],
  ['HTTPS://EXAMPLE.com/a', A, A],
  ['https://www.example.com/a', A],
  ['https://m.example.com/a', A],
  ['https://amp.example.com/a', A],
  ['https://www.m.example.com/a', A],
  ['https://example.com./a', A],
  ['https://m.com/a', 'https://m.com/a'],
  ['https://www.gov.uk/a', 'https://www.gov.uk/a'],
  ['https://m.blogspot.com/a', 'https://m.blogspot.com/a'],
  ['http://127.0.0.1:9000/a', 'https://127.0.0.1:9000/a'],
  ['http://example.com:80/a', A, 'http://example.com/a'],
  ['http://example.com:443/a', A],
  ['https://example.com:443/a', A, A],
  ['https://example.com:8443/a', 'https://example.com:8443/a'],
  ['https://example.com/a/', A],
  ['https://example.com/a//', A],
  ['https://example.com', 'https://example.com/', 'https://example.com/'],
  ['https://example.com/a/amp', A],
  ['https://example.com/a/amp/', A],
  ['https://example.com/a.amp', A],
  ['https://example.com/amp/a', A],
  ['https://example.com/amp', 'https://example.com/amp'],
  ['https://example.com/lamp', 'https://example.com/lamp'],
  ['https://example.com/%e6%94%bf', 'https://example.com/%E6%94%BF'],
  ['https://例え.jp/政治', 'https://xn--r8jz45g.jp/%E6%94%BF%E6%B2%BB', 'https://xn--r8jz45g.jp/%E6%94%BF%E6%B2%BB'],
  ['https://user:secret@example.com/a', A, A],
  // fragment and query
  ['https://example.com/a#top', A],
  ['https://example.com/a#', A, A],
  ['https://example.com/a#xtor=RSS-1', A, A],
  ['https://example.com/a?', A, A],
  ['https://example.com/a?&', A, A],
  ['https://example.com/a?amp=1', A],
  ['https://example.com/a?outputType=amp', A],
  ['https://example.com/a?amp=fender', `${A}?amp=fender`],
  ['https://example.com/?p=12&utm_source=rss', 'https://example.com/?p=12', 'https://example.com/?p=12'],
  ['https://example.com/a?id=2&article=1&p=3', `${A}?id=2&article=1&p=3`],
  ['https://example.com/a?b=2&UTM_Source=x&a=1', `${A}?b=2&a=1`, `${A}?b=2&a=1`],
  ['https://example.com/a?id=1&amp;utm_medium=rss', `${A}?id=1`, `${A}?id=1`],
  ['https://example.com/a?utm%5Fsource=x', A, A],
  ['https://example.com/a?oly_enc_id=1&oly_id=2', `${A}?oly_id=2`, `${A}?oly_id=2`],
  ['https://example.com/a?q=%zz&x=a+b', `${A}?q=%zz&x=a+b`],
  // the feed's own host
  ['https://example.com/a?ref=feeds.test', A, A],
  ['https://example.com/a?ref=https://www.feeds.test/rss', A, A],
  ['https://example.com/a?ref=example.com', A, A],
  ['https://example.com/a?ref=other.test', `${A}?ref=other.test`],
  ['https://example.com/a?ref=7', `${A}?ref=7`],
  // redirectors
  ['https://www.google.com/url?q=https://www.example.com/a&sa=D', A, 'https://www.example.com/a'],
  ['https://www.google.co.jp/url?url=http%3A%2F%2Fexample.com%2Fa', A, 'http://example.com/a'],
  ['https://www.google.com/url?q=news', 'https://google.com/url?q=news'],
  ['https://www.google.com/amp/s/example.com/a/amp?x=1', `${A}?x=1`, 'https://example.com/a/amp?x=1'],
  ['https://example-com.cdn.ampproject.org/c/s/example.com/a', A, A],
  [
    `https://news.google.com/rss/articles/${Buffer.from('\x08\x13\x22\x15https://example.com/a\xd2\x01\x00', 'latin1').toString('base64url')}?oc=5`,
    A,
    A,
  ],
  ['https://news.google.com/rss/articles/CBMiAAAA', 'https://news.google.com/rss/articles/CBMiAAAA'],
  ['https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2Fa%3Ffbclid%3Dx', A, A],
  ['https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%3A%2F%2Fexample.com%2Fa', A, A],
  ['https://l.facebook.com/l.php?u=javascript:alert(1)', 'https://l.facebook.com/l.php?u=javascript:alert(1)'],
  ['https://notgoogle.com/url?q=https://example.com/a', 'https://notgoogle.com/url?q=https://example.com/a'],
  ['https://t.co/abc', 'https://t.co/abc'],
  // unsafe or no URLs
  ['javascript:alert(1)', null, null],
  ['data:text/html,x', null, null],
  ['file:///etc/passwd', null, null],
  ['/a', null, null],
  ['', null, null],
  ['https://', null, null],
  [`https://example.com/${'a'.repeat(9000)}`, null, null],
];

/** A line for each rule: what is given, and what it comes to. */
const LINES = JSON.parse(readFileSync(new URL('../fixtures/urls/rules.json', import.meta.url), 'utf8')) as Record<
  string,
  [string, string]
>;

function rulesOf(): string[] {
  const { hostParameters, redirectors, ...lists } = URL_RULES;
  return [
    ...Object.entries(lists).flatMap(([list, rules]) => (rules as string[]).map((rule) => `${list} ${rule}`)),
    ...Object.entries(hostParameters).flatMap(([host, rules]) => rules.map((rule) => `hostParameters ${host} ${rule}`)),
    ...redirectors.map(({ from, parameter, rest }) => `redirectors ${from} ${parameter ?? rest ?? 'base64'}`),
  ];
}

describe('canonicalUrl and linkUrl', () => {
  for (const [given, canonical, shown = given] of TABLE) {
    it(`${given.slice(0, 100) || '(empty)'} is ${canonical?.slice(0, 100) ?? 'none'}`, () => {
      assert.equal(canonicalUrl(given, 'feeds.test'), canonical);
      assert.equal(linkUrl(given, 'feeds.test'), shown);
    });
  }

  for (const [rule, [given, canonical]] of Object.entries(LINES)) {
    it(`by the rule ${rule}`, () => {
      assert.equal(canonicalUrl(given, 'feeds.test'), canonical);
    });
  }

  it('has a test line for each rule, and a rule for each line', () => {
    assert.deepEqual(Object.keys(LINES).sort(), rulesOf().sort());
  });

  it('keeps the parameters of one host at all others', () => {
    for (const [host, names] of Object.entries(URL_RULES.hostParameters)) {
      // At any other host the parameter may choose the article.
      for (const name of names) {
        const [given = ''] = LINES[`hostParameters ${host} ${name}`] ?? [];
        const elsewhere = `https://example.com/news/a${new URL(given).search}`;
        assert.equal(canonicalUrl(elsewhere), elsewhere);
      }
    }
  });

  it('keeps the data file in alphabetical order, without repetition', () => {
    const sorted = (list: readonly string[]) => assert.deepEqual(list, [...new Set(list)].sort());
    sorted(Object.keys(URL_RULES));
    sorted(Object.keys(URL_RULES.hostParameters));
    for (const list of [URL_RULES.parameters, URL_RULES.variants, ...Object.values(URL_RULES.hostParameters)])
      sorted(list);
    sorted(URL_RULES.redirectors.map(({ from, parameter }) => `${from} ${parameter ?? ''}`));
  });

  it('tells front pages', () => {
    assert.equal(isFrontPage('https://example.com/'), true);
    assert.equal(isFrontPage('https://example.com/?p=1'), false);
  });
});

const piece = fc.constantFrom(
  ...[
    'www.',
    'm.',
    'amp.',
    'google.com',
    'example.co.uk',
    '/',
    '/amp',
    '.amp',
    '/url',
    'l.facebook.com',
    '/l.php',
    '?',
    '&',
    'u=',
    'q=',
  ],
  ...[
    'utm_source=a',
    'ref=example.com',
    '%',
    '%2f',
    '#',
    ':80',
    ':443',
    '.',
    '政治',
    'https://',
    'http://',
    'a',
    '=',
    'amp;',
    'amp=1',
    '@',
    '\n',
    '\0',
  ],
);
const anyUrl = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.array(piece, { maxLength: 14 }).map((pieces) => `https://${pieces.join('')}`),
  fc.string(),
);

describe('properties of URLs', () => {
  it('never throw, and are idempotent', () => {
    fc.assert(
      fc.property(anyUrl, fc.option(fc.domain(), { nil: undefined }), (url, feedHost) => {
        for (const form of [canonicalUrl, linkUrl]) {
          const once = form(url, feedHost);
          if (once !== null) assert.equal(form(once, feedHost), once);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('keep the canonical form of what is shown', () => {
    fc.assert(
      fc.property(anyUrl, (url) => {
        const shown = linkUrl(url);
        if (shown !== null) assert.equal(canonicalUrl(shown), canonicalUrl(url));
      }),
      { numRuns: 1000 },
    );
  });

  it('keep the order of the other parameters, whatever stands between them', () => {
    const kept = fc
      .tuple(fc.constantFrom('id', 'p', 'article', 'page'), fc.nat(99))
      .map(([name, value]) => `${name}=${value}`);
    const dropped = fc.constantFrom('utm_source=x', 'fbclid=1', 'mc_eid=2', '');
    fc.assert(
      fc.property(fc.array(fc.oneof(kept, dropped)), (parts) => {
        const rest = parts.filter((part) => /^(?:id|p|article|page)=/.test(part));
        const expected = rest.length === 0 ? A : `${A}?${rest.join('&')}`;
        assert.equal(canonicalUrl(`${A}?${parts.join('&')}`), expected);
      }),
    );
  });
});
