import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith';
import { RelaxNGValidator, XmlDocument } from 'libxml2-wasm';
import Parser from 'rss-parser';
import { JsonFeedSchema } from '../../../src/api/schemas/json-feed.ts';
import { assertProblem, type FilledApi, openFilledApi } from '../filled-api.ts';
import { serverFor } from '../server-under-test.ts';
import { findingsOfAtom, findingsOfRss } from './feed-rules.ts';

const BASE = 'https://rank.example.com/news';
const HUB = 'https://hub.example/';
const LIST = '/v1/rankings/access';
const QUERIES = [
  `${LIST}{}?category=politics`,
  `${LIST}{}?category=politics&limit=2`,
  '/v1/rankings/rising{}',
  '/v1/rankings/popular{}?category=%E6%94%BF%E6%B2%BB-%E3%81%A8%E3%82%B9%E3%83%9D%E3%83%BC%E3%83%84',
  '/v1/articles{}',
  '/v1/articles{}?q=minister&sort=relevance&limit=2&content=true',
  '/v1/articles{}?category=politics&limit=3&content=true',
];
/** Plain text, all of it. */
const TITLE = 'R&D says AT&amp;T "A < B" <a name="x"> — 政治 & 経済 😀';
const PYTHON = '/usr/bin/python3';
const hasFeedparser = spawnSync(PYTHON, ['-c', 'import feedparser']).status === 0;

let api: FilledApi;
let behindHub: Awaited<ReturnType<typeof serverFor>>;

before(async () => {
  api = await openFilledApi();
  await api.sql.query(
    `update articles set title = $2, summary = $3, image = 'https://a.example/画像.png?[1]=a|b', language = 'ja' where id = $1`,
    [api.ids[1], TITLE, 'One\ufffdtwo\uffff & <b>three</b> ]]> 四'],
  );
  // As feeds have it: nothing but a text, in a language that there is not.
  await api.sql.query(`update articles set summary = '', language = 'xx' where id = $1`, [api.ids[2]]);
  behindHub = await serverFor({ PUBLIC_URL: `${BASE}/`, WEBSUB_HUB: HUB }, { sql: api.sql, redis: api.redis });
});
after(async () => {
  await behindHub.close();
  await api.close();
});

const bodyOf = async (query: string, suffix: string) => {
  const url = query.replace('{}', suffix);
  const answer = await behindHub.inject(url);
  assert.equal(answer.statusCode, 200, `${url}: ${answer.body}`);
  return { ...answer, location: BASE + url, text: answer.body, type: String(answer.headers['content-type']) };
};

test('no rule of the W3C feed validator is broken, nor a warning given, and all formats hold the same', async () => {
  for (const query of QUERIES) {
    const [rss, atom] = [await bodyOf(query, '.rss'), await bodyOf(query, '.atom')];
    assert.deepEqual(findingsOfRss(rss.text, rss.location), [], query);
    assert.deepEqual(findingsOfAtom(atom.text, atom.location), [], query);
    // A strict reader of XML: what is not well-formed throws.
    await new Parser().parseString(rss.text);
    await new Parser().parseString(atom.text);
    const ids = parseRssFeed(rss.text).items?.map(({ guid }) => guid?.value) ?? [];
    assert.deepEqual(parseAtomFeed(atom.text).entries?.map(({ id }) => id) ?? [], ids);
    assert.deepEqual(parseJsonFeed((await bodyOf(query, '.feed.json')).text).items?.map(({ id }) => id) ?? [], ids);
  }
});

test('Atom is as its schema in RFC 4287 says', async () => {
  const schema = readFileSync(new URL('atom.rng', import.meta.url), 'utf8');
  const validator = RelaxNGValidator.fromDoc(XmlDocument.fromString(schema));
  for (const query of QUERIES) validator.validate(XmlDocument.fromString((await bodyOf(query, '.atom')).text));
  const { text } = await bodyOf(QUERIES[0] ?? '', '.atom');
  for (const [good, bad] of [
    [/<id>.*?<\/id>/, ''],
    [/<updated>.*?<\/updated>/, '<updated>today</updated>'],
    [/rel="self"/, 'rel="self" ref="x"'],
    [/<entry/, '<entry><entree/></entry><entry'],
  ] as const) {
    assert.throws(() => validator.validate(XmlDocument.fromString(text.replace(good, bad))), String(good));
  }
});

test('the rules find what is wrong', () => {
  const wrong = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title></title></channel></rss>';
  assert.ok(findingsOfRss(wrong, BASE).length >= 4);
  assert.ok(findingsOfAtom('<feed xmlns="x"><entry><id>1</id></entry><title/></feed>', BASE).length >= 6);
});

test('a list is in order, with what only we say in our own namespace', async () => {
  const rss = await bodyOf(QUERIES[0] ?? '', '.rss');
  assert.equal(rss.type, 'application/rss+xml; charset=utf-8');
  assert.match(rss.text, /xmlns:ranking="urn:newsrank:ranking:1"/);
  const ranks = [...rss.text.matchAll(/<ranking:rank>(\d)</g)].map(([, rank]) => Number(rank));
  assert.deepEqual(ranks, [1, 2, 3, 4, 5]);
  const feed = parseRssFeed(rss.text);
  assert.equal(feed.title, '"Politics" ACCESS RANKING');
  assert.deepEqual(
    feed.items?.map((item) => item.guid?.value),
    api.ids.map((id) => `urn:newsrank:article:${id}`),
  );
  assert.equal(feed.items?.[1]?.title, TITLE);
  assert.equal(feed.items?.[1]?.link, `${BASE}/r/${api.ids[1]}?ref=box`);
  assert.equal(feed.items?.[1]?.media?.contents?.[0]?.url, 'https://a.example/%E7%94%BB%E5%83%8F.png?%5B1%5D=a%7Cb');
  assert.deepEqual(
    feed.atom?.links?.map(({ rel, href }) => [rel, href]),
    [
      ['self', rss.location],
      ['hub', HUB],
    ],
  );
  assert.equal(rss.headers['link'], `<${HUB}>; rel="hub", <${rss.location}>; rel="self"`);
});

test('Atom says the same', async () => {
  const atom = await bodyOf(QUERIES[0] ?? '', '.atom');
  assert.equal(atom.type, 'application/atom+xml; charset=utf-8');
  const feed = parseAtomFeed(atom.text);
  assert.deepEqual(
    feed.entries?.map(({ id }) => id),
    api.ids.map((id) => `urn:newsrank:article:${id}`),
  );
  const second = feed.entries?.[1];
  // What looks like HTML is HTML that shows it.
  assert.deepEqual(second?.summary, { value: 'Onetwo &amp; &lt;b&gt;three&lt;/b&gt; ]]&gt; 四', type: 'html' });
  assert.deepEqual(feed.entries?.[0]?.title, { value: 'Minister number 1 speaks' });
  assert.deepEqual(
    second?.links?.map(({ rel, href }) => [rel, href]),
    [
      ['alternate', `${BASE}/r/${api.ids[1]}?ref=box`],
      ['via', 'https://news.example/2'],
    ],
  );
  assert.deepEqual(second?.categories, [{ term: 'politics', label: 'Politics' }]);
});

test('JSON Feed 1.1 says the same, with an extension', async () => {
  const check = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(JsonFeedSchema);
  for (const query of QUERIES) {
    const { text, type, location } = await bodyOf(query, '.feed.json');
    assert.equal(type, 'application/feed+json; charset=utf-8');
    const feed = JSON.parse(text);
    check(feed);
    assert.equal(check.errors, null);
    assert.equal(feed.feed_url, location);
    assert.deepEqual(feed.hubs, [{ type: 'WebSub', url: HUB }]);
    for (const item of feed.items) assert.ok(item.content_html ?? item.content_text, 'an item has content');
    assert.equal(parseJsonFeed(text).items?.length ?? 0, feed.items.length);
  }
  const { _ranking, items } = JSON.parse((await bodyOf(QUERIES[0] ?? '', '.feed.json')).text);
  assert.deepEqual(_ranking, {
    ...{ about: 'urn:newsrank:ranking:1', list: 'access', scope: 'politics', window: '24h' },
    ...{ version: 'abc123', confidence: 'thin' },
  });
  assert.deepEqual(items[4]._ranking, {
    ...{ source: 'News', rank: 5, previousRank: 4, movement: 'down', peakRank: 1 },
    ...{ since: '2026-01-31T09:00:00.000Z', reads: 6, fill: 'site' },
  });
  assert.equal(items[1].external_url, 'https://news.example/2');
});

test('pages of articles follow each other', async () => {
  const found: string[] = [];
  let url = '/v1/articles.feed.json?category=politics&limit=2';
  for (let page = 0; page < 5 && url !== ''; page++) {
    const { items, next_url: next = '' } = (await behindHub.inject(url)).json();
    found.push(...items.map(({ id }: { id: string }) => id.split(':').at(-1)));
    url = next.replace(BASE, '');
  }
  assert.deepEqual(found, api.ids);
  const rss = parseRssFeed((await bodyOf('/v1/articles{}?limit=2', '.rss')).text);
  assert.match(rss.atom?.links?.find(({ rel }) => rel === 'next')?.href ?? '', /\.rss\?limit=2&cursor=\w/);
});

test('who has the feed gets 304, and HEAD no body', async () => {
  for (const suffix of ['.rss', '.atom', '.feed.json']) {
    const url = `${LIST}${suffix}?category=politics`;
    const first = await api.get(url);
    assert.match(String(first.headers['cache-control']), /^public, max-age=2, stale/);
    assert.equal(first.headers['access-control-allow-origin'], '*');
    const again = await api.get(url, { 'if-none-match': String(first.headers.etag) });
    assert.deepEqual([again.statusCode, again.body], [304, ''], suffix);
    const head = await api.app.inject({ method: 'HEAD', url });
    assert.deepEqual([head.statusCode, head.body, head.headers.etag], [200, '', first.headers.etag]);
    const packed = await api.get(url, { 'accept-encoding': 'gzip' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
  }
});

test('addresses are those that the caller used, unless PUBLIC_URL says others', async () => {
  const { body } = await api.get(`${LIST}.rss?category=politics&utm=%22x&limit=1`, { host: 'a.example:8080' });
  assert.match(
    body,
    /<atom:link href="http:\/\/a.example:8080\/v1\/rankings\/access.rss\?category=politics&amp;limit=1"/,
  );
  assert.doesNotMatch(body, /utm/);
  for (const host of ['a"b', '<script>', 'a/b']) {
    const answer = await api.get(`${LIST}.rss`, { host });
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'request-invalid'], host);
  }
});

test('odd requests of feeds are 400 or 404', async () => {
  for (const suffix of ['.rss', '.atom', '.feed.json']) {
    await assertProblem(api, `/v1/rankings/falling${suffix}`, 404, 'list-unknown');
    await assertProblem(api, `${LIST}${suffix}?category=nope`, 404, 'category-unknown');
    await assertProblem(api, `${LIST}${suffix}?limit=0`, 400, 'request-invalid');
    await assertProblem(api, `/v1/articles${suffix}?cursor=x`, 400, 'cursor-invalid');
    await assertProblem(api, `/v1/rankings/closed/day/2020-01-01${suffix}`, 404, 'list-unknown');
  }
});

test('a click in a feed of a list counts as brought by it, one in a feed of articles does not', async () => {
  for (const [link, ref] of [
    [`/r/${api.ids[0]}?ref=box`, { ref: 'box' }],
    [`/r/${api.ids[0]}`, {}],
    [`/r/${api.ids[0]}?ref=mail&ref=x`, {}],
  ] as const) {
    const { statusCode } = await api.get(link);
    assert.equal(statusCode, 302);
    assert.deepEqual(api.seen.calls.at(-1)?.reports, [{ article: api.ids[0], ...ref }]);
  }
});

test('feedparser reads them', { skip: !hasFeedparser && `${PYTHON} has no feedparser` }, async () => {
  const feeds = await Promise.all(QUERIES.flatMap((query) => ['.rss', '.atom'].map((suffix) => bodyOf(query, suffix))));
  const { status, stdout, stderr } = spawnSync(PYTHON, [new URL('read-feeds.py', import.meta.url).pathname], {
    input: JSON.stringify(feeds.map(({ text, type }) => [text, type])),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const answers = JSON.parse(stdout);
  for (const [index, answer] of answers.entries()) {
    assert.deepEqual([answer.bozo, answer.version], [null, index % 2 === 0 ? 'rss20' : 'atom10']);
    assert.equal(answer.links.self, feeds[index]?.location);
    assert.equal(answer.links.hub, HUB);
  }
  for (const { items, title } of answers.slice(0, 2)) {
    assert.equal(title, '"Politics" ACCESS RANKING');
    assert.deepEqual(
      items.map(({ id, rank, reads }: Record<string, string>) => [id, rank, reads]),
      api.ids.map((id, index) => [`urn:newsrank:article:${id}`, String(index + 1), String(10 - index)]),
    );
    const [first] = items;
    assert.equal(first.link, `${BASE}/r/${api.ids[0]}?ref=box`);
    assert.equal(first.author, 'A. Writer');
    assert.ok(first.tags.some((tag: string) => tag.toLowerCase() === 'politics'));
    assert.deepEqual(first.published, [2026, 1, 31, 8, 59, 0]);
  }
});
