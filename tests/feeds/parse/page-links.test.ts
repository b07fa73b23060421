import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPageLinks } from '../../../src/feeds/parse/page-links.ts';

const URL_OF_PAGE = 'https://a.example/news/today.html';
const read = (html: string) => readPageLinks(html, URL_OF_PAGE);
const urls = (html: string) => read(html).links.map(({ url }) => url);

test('declared feeds come with title and language, resolved against the base', () => {
  const page = read(`<!doctype html><html lang="ja"><head><link rel="stylesheet" href="a.css">
    <link rel="alternate" type="application/rss+xml" title="&#x30CB;&#x30E5;&#x30FC;&#x30B9; &amp; more" href="feed.xml#top" hreflang="ja">
    <LINK REL='Alternate' TYPE='application/atom+xml; charset=utf-8' HREF='//b.example/atom'>
    <base href="/blog/"></head>`);
  assert.deepEqual(page, {
    language: 'ja',
    links: [
      { url: 'https://a.example/blog/feed.xml', via: 'link', title: 'ニュース & more', language: 'ja' },
      { url: 'https://b.example/atom', via: 'link', title: '', language: null },
    ],
  });
});

test('all the types of feeds, and no others', () => {
  const link = (type: string, rel = 'alternate') =>
    `<link rel="${rel}" type="${type}" href="/${encodeURIComponent(type)}">`;
  const types = ['application/rss+xml', 'application/atom+xml', 'application/rdf+xml', 'application/feed+json'];
  const lenient = ['application/json', 'text/xml', 'application/xml', 'application/x.atom+xml', 'text/rss'];
  for (const type of [...types, ...lenient]) assert.equal(urls(link(type)).length, 1, type);
  for (const type of ['', 'text/html', 'application/json+oembed', 'text/xml+oembed', 'image/png']) {
    assert.deepEqual(urls(link(type)), [], type);
  }
  assert.equal(urls(link('', 'feed')).length, 1);
  assert.deepEqual(urls(link('application/rss+xml', 'alternate stylesheet')), []);
});

test('anchors that look like feeds come last, whatever else the page links to', () => {
  const page = read(`<a href="/about">About</a> <a href="/feedback">Feedback</a> <a href="/rss">x</a>
    <a href="/subscribe"><img src="rss.png"> RSS feed</a> <a href="/x.atom" title="Everything"></a>
    <a href="javascript:feed()">RSS</a> <a href="feed:https://b.example/1">1</a> <a href="mailto:feed@a.example">feed</a>
    <script>document.write('<a href="/feed/of/script">RSS</a>')</script>
    <link rel="alternate" type="application/rss+xml" href="/declared">`);
  assert.deepEqual(
    page.links.map(({ url, via, title }) => [url, via, title]),
    [
      ['https://a.example/declared', 'link', ''],
      ['https://a.example/rss', 'anchor', 'x'],
      ['https://a.example/subscribe', 'anchor', 'RSS feed'],
      ['https://a.example/x.atom', 'anchor', 'Everything'],
      ['https://b.example/1', 'anchor', '1'],
    ],
  );
});

test('a hostile page is read in bounds', () => {
  assert.ok(read('<link rel=alternate type=text/xml href=x>'.repeat(50_000)).links.length <= 1);
  const many = Array.from({ length: 5000 }, (_, index) => `<link rel=feed href=/${index}><a href=/feed/${index}>`);
  assert.ok(read(many.join('')).links.length <= 150);
  assert.deepEqual(urls(`${' '.repeat(600 * 1024)}<link rel=feed href=/late>`), []);
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('<a', '<link', ' href=', '"', "'", '>', '<', '/', 'feed:', ' rel=feed', '<base', '\0', '&#0;'),
      ),
      (parts) => {
        for (const url of urls(parts.join(''))) assert.match(url, /^https?:\/\//);
      },
    ),
  );
});
