import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFeed } from '../../../src/feeds/parse/read-feed.ts';

const SOURCE = { contentType: null, url: 'https://news.example/feed', defaultZone: null };
const JSON_FEED = '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[';

const CASES: readonly (readonly [body: string, message: RegExp])[] = [
  ['', /^The body is empty\.$/],
  ['just words', /^This is plain text or binary data/],
  ['<opml version="2.0"><body/></opml>', /OPML list of feeds/],
  ['<urlset><url><loc>https://news.example/</loc></url></urlset>', /sitemap/],
  ['<!doctype html><title>Just a moment...</title>', /"Just a moment\.\.\.": the site keeps programs out/],
  ['<html><head><title>Your privacy choices</title></head></html>', /asks for consent first/],
  ['<html><head><title>News</title></head></html>', /an HTML page, "News", not a feed\.$/],
  ['{"a": 1}', /JSON, but not a JSON Feed/],
  [`${JSON_FEED}${'{"id":"1"},'.repeat(400_000)}{"id":"2"}]}`, /more values than are read/],
  ['<"\0>', /begins with <">/],
];

test('what is no feed is named for what it is', async () => {
  for (const [body, message] of CASES) {
    const result = await readFeed(new TextEncoder().encode(body), SOURCE);
    assert.equal(result.kind, 'not-a-feed', body.slice(0, 40));
    assert.match(result.kind === 'not-a-feed' ? result.message : '', message);
  }
});
