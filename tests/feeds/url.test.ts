import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CodedError } from '../../src/errors.ts';
import { hostOf, readFeedUrl, urlProblem } from '../../src/feeds/url.ts';

const GOOD: readonly (readonly [given: string, url: string, host: string])[] = [
  ['https://example.com', 'https://example.com/', 'example.com'],
  ['  HTTPS://Feeds.Example.CO.UK/a?b=1#top ', 'https://feeds.example.co.uk/a?b=1', 'example.co.uk'],
  ['http://example.com:80/x', 'http://example.com/x', 'example.com'],
  ['http://example.com:443/x', 'http://example.com:443/x', 'example.com'],
  ['http://example.com:8080/x', 'http://example.com:8080/x', 'example.com'],
  ['https://日本語.jp/フィード', 'https://xn--wgv71a119e.jp/%E3%83%95%E3%82%A3%E3%83%BC%E3%83%89', 'xn--wgv71a119e.jp'],
  ['feed:https://example.com/rss', 'https://example.com/rss', 'example.com'],
  ['http://2130706433/', 'http://127.0.0.1/', '127.0.0.1'],
  ['http://[::1]:8080/', 'http://[::1]:8080/', '::1'],
  ['http://localhost:3000/', 'http://localhost:3000/', 'localhost'],
  ['https://a.blogspot.com/feed', 'https://a.blogspot.com/feed', 'blogspot.com'],
  ['https://example.com./feed', 'https://example.com./feed', 'example.com'],
];

const BAD: readonly (readonly [given: string, says: RegExp])[] = [
  ['', /no URL/],
  ['example.com/feed', /no URL/],
  ['ftp://example.com/', /http/],
  ['file:///etc/passwd', /http/],
  ['javascript:alert(1)', /http/],
  ['https://user:secret@example.com/', /basic auth/],
  ['https://user@example.com/', /basic auth/],
  ['http://example.com/a\r\nHost: b', /control character/],
  ['http://exa\tmple.com/', /control character/],
  ['http://example.com/\u0000', /control character/],
  ['http://example.com:22/', /port 22/],
  ['http://example.com:25/', /port 25/],
  ['http://example.com:6379/', /port 6379/],
  ['http://example.com:5432/', /port 5432/],
  ['http://example.com:1023/', /port 1023/],
  ['http://example.com:0/', /port 0/],
  [`https://example.com/${'a'.repeat(2048)}`, /longer/],
  [`https://example.com/${'é'.repeat(1000)}`, /longer/],
];

test('reads and normalises the URLs of feeds', () => {
  for (const [given, url, host] of GOOD) assert.deepEqual(readFeedUrl(given), { url, host }, given);
});

test('refuses what is no URL of a feed, and says why', () => {
  for (const [given, says] of BAD) {
    assert.throws(
      () => readFeedUrl(given),
      (error) => error instanceof CodedError && error.code === 'feed-url-invalid' && says.test(error.message),
      JSON.stringify(given),
    );
  }
});

test('a normalised URL is its own normal form', () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
      fc.pre(urlProblem(text) === undefined);
      const once = readFeedUrl(text);
      assert.deepEqual(readFeedUrl(once.url), once);
      assert.equal(hostOf(new URL(once.url)), once.host);
    }),
  );
});

test('any text is read or refused with a CodedError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
      try {
        readFeedUrl(text);
      } catch (error) {
        assert.ok(error instanceof CodedError);
      }
    }),
  );
});
