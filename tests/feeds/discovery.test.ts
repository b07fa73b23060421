import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { discoverFeeds } from '../../src/feeds/discovery.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';
import { readFeed } from '../../src/feeds/parse/read-feed.ts';
import type { PollTools } from '../../src/feeds/poll.ts';
import { type Origin, openOrigin, redirecting, sending } from '../support/origin.ts';
import { NOW } from './poll-fixtures.ts';

const client = openHttpClient({ guard: openAddressGuard(['127.0.0.1/32']), userAgent: 'test' });
let origin: Origin;
let budget = Number.POSITIVE_INFINITY;

const tools: PollTools = {
  client,
  // In this thread; that the product reads in others is the reader's own test.
  reader: { read: (bytes, source) => readFeed(bytes, source), close: async () => {} },
  budget: { take: async () => (budget-- > 0 ? 0 : 7), stop: async () => {} },
};

beforeEach(async () => {
  origin = await openOrigin();
  budget = Number.POSITIVE_INFINITY;
});
after(() => client.close());

const rss = (title: string, article = title, language = 'en') =>
  sending(
    `<rss version="2.0"><channel><title>${title}</title><language>${language}</language>
     <item><title>${article}</title><link>https://a.example/${encodeURIComponent(article)}</link></item></channel></rss>`,
    { 'content-type': 'application/rss+xml' },
  );
const page = (html: string, headers = {}) => sending(html, { 'content-type': 'text/html', ...headers });
const link = (href: string, title = '') =>
  `<link rel="alternate" type="application/rss+xml" title="${title}" href="${href}">`;

async function discover(path: string) {
  try {
    const { feeds, best, message } = await discoverFeeds(tools, `${origin.url}${path}`, NOW);
    const pathOf = (url: string) => url.replace(origin.url, '');
    return {
      paths: feeds.map(({ url }) => pathOf(url)),
      best: best === null ? null : pathOf(best.url),
      ...{ feeds, message },
      asked: origin.requests.map(({ url }) => url),
    };
  } finally {
    await origin.close();
  }
}

test("a feed's own URL is the feed, where it moved to for good", async () => {
  origin.on('/old', redirecting('/feed', 301));
  origin.on('/feed', rss('Times'));
  const { feeds, best, message } = await discover('/old');
  assert.deepEqual([best, message], ['/feed', null]);
  assert.deepEqual(
    feeds.map(({ title, format, entries, via }) => [title, format, entries, via]),
    [['Times', 'rss', 1, 'itself']],
  );
});

test('the only feed of a page is taken; a dead one that it declares too is not', async () => {
  origin.on('/', page(`<html>${link('/gone.xml')}${link('/posts.xml', 'Posts')}`));
  origin.on('/posts.xml', rss('Posts'));
  assert.deepEqual(await discover('/').then(({ paths, best }) => [paths, best]), [['/posts.xml'], '/posts.xml']);
});

test("the site's feed goes before those of comments, of other languages and of other sections", async () => {
  origin.on(
    '/',
    page(
      `<html lang="en-GB">${['/feed/comments', '/de/feed', '/sport/rss.xml', '/feed'].map((x) => link(x)).join('')}`,
    ),
  );
  origin.on('/feed/comments', rss('Comments on Times', 'c'));
  origin.on('/de/feed', rss('Zeiten', 'd', 'de'));
  origin.on('/sport/rss.xml', rss('Sport', 's'));
  origin.on('/feed', rss('Times', 't'));
  const { paths, best } = await discover('/');
  assert.deepEqual(paths, ['/feed', '/sport/rss.xml', '/de/feed', '/feed/comments']);
  assert.equal(best, '/feed');
});

test("a section's page gives the section's feed", async () => {
  origin.on('/politics/', page(link('/feed') + link('/politics/feed') + link('/sport/feed')));
  for (const path of ['/feed', '/politics/feed', '/sport/feed']) origin.on(path, rss(path));
  const { paths, best } = await discover('/politics/');
  assert.deepEqual([paths, best], [['/politics/feed', '/feed', '/sport/feed'], '/politics/feed']);
});

test('between equals a person chooses; the same feed in two formats is one', async () => {
  origin.on('/', page(link('/a.xml') + link('/a.atom') + link('/b.xml')));
  origin.on('/a.xml', rss('A'));
  origin.on(
    '/a.atom',
    sending(
      '<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>1</id><title>A</title><link href="https://a.example/A"/></entry></feed>',
    ),
  );
  origin.on('/b.xml', rss('B'));
  const { paths, best } = await discover('/');
  assert.deepEqual([paths, best], [['/a.xml', '/b.xml'], null]);
});

test('the Link header declares feeds too, however often it is sent', async () => {
  origin.on('/', (_, response) => {
    response.setHeader('link', ['</style.css>; rel=preload', '</feed>; rel="alternate"; type="application/rss+xml"']);
    response.setHeader('content-type', 'text/html');
    response.end('<html>');
  });
  origin.on('/feed', rss('Times'));
  assert.equal((await discover('/')).best, '/feed');
});

test('anchors come in only where nothing is declared, guesses only where no anchor leads to a feed', async () => {
  origin.on('/', page('<a href="/rss/list.html">RSS</a><a href="/x/rss">RSS of x</a>'));
  origin.on('/rss/list.html', page('no feed'));
  origin.on('/x/rss', rss('X'));
  origin.on('/feed', rss('Times'));
  const { feeds, asked } = await discover('/');
  assert.deepEqual([feeds[0]?.via, feeds.length, asked.includes('/feed')], ['anchor', 1, false]);
});

test('a page that says nothing is helped by the places where feeds usually are, in bounds', async () => {
  origin.on('/blog', page('<p>Hello'));
  origin.on('/atom.xml', rss('Times'));
  const { best, feeds, asked } = await discover('/blog');
  assert.deepEqual([best, feeds[0]?.via], ['/atom.xml', 'guess']);
  assert.equal(asked.indexOf('/blog/feed') < asked.indexOf('/feed'), true);

  origin = await openOrigin();
  origin.on('/deep/er', page('<p>Hello'));
  const nothing = await discover('/deep/er');
  assert.deepEqual([nothing.paths, nothing.best], [[], null]);
  assert.match(nothing.message ?? '', /No feed was found/);
  assert.equal(nothing.asked.length, 13);
});

test('a site that shows programs no page may have a feed all the same; one that is not there has none', async () => {
  origin.on('/', sending('go away', {}, 403));
  origin.on('/rss.xml', rss('Times'));
  assert.equal((await discover('/')).best, '/rss.xml');
  origin = await openOrigin();
  const { asked, message } = await discover('/wrong');
  assert.deepEqual([asked, message], [['/wrong'], 'The server answered 404.']);
});

test('a page that declares a hundred feeds is asked for a few; the others are named', async () => {
  const paths = Array.from({ length: 40 }, (_, index) => `/s${index}/feed`);
  origin.on('/', page(paths.map((path) => link(path, `Section ${path}`)).join('')));
  for (const path of paths) origin.on(path, rss(path));
  const { feeds, asked, best } = await discover('/');
  assert.deepEqual([feeds.length, feeds.filter(({ format }) => format !== null).length], [40, 8]);
  assert.deepEqual([asked.length, best, feeds[39]?.title], [9, null, 'Section /s39/feed']);
});

test('the budget of the host bounds it, and so does a 429', async () => {
  origin.on('/', page('<p>Hello'));
  budget = 3;
  const { asked, message } = await discover('/');
  assert.equal(asked.length, 3);
  assert.match(message ?? '', /try again later/);
  origin = await openOrigin();
  budget = 100;
  origin.on('/', page('<p>Hello'));
  origin.on('/feed', sending('', {}, 429));
  assert.deepEqual((await discover('/')).asked, ['/', '/feed']);
});

test('what a page links to is held to the rules of feed URLs and to the address guard', async () => {
  const other = origin.url.replace('127.0.0.1', '127.0.0.2');
  origin.on('/', page(link('http://a.example:22/feed') + link(`${other}/feed`) + link('javascript:1')));
  const { paths, asked } = await discover('/');
  assert.deepEqual(
    [paths, asked.filter((path) => path === '/feed').length],
    [[], 1],
    'the one at 127.0.0.1, as a guess',
  );
  await assert.rejects(discoverFeeds(tools, 'file:///etc/passwd', NOW), /must start with/);
});
