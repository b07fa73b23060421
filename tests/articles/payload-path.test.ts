import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { articleBody } from '../../src/api/schemas/article.ts';
import { listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import { readFeed } from '../../src/feeds/parse/read-feed.ts';
import { unsafeParts } from '../feeds/parse/unsafe-parts.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { openPages } from '../web/serve.ts';
import { addFeed, later } from './entries.ts';

const families = JSON.parse(readFileSync(new URL('../fixtures/payloads/html.json', import.meta.url), 'utf8')) as Record<
  string,
  string[]
>;
/** XML has no way to write these characters; a feed that holds them is repaired before it is read. */
const payloads = Object.values(families).flat();

const xml = (text: string) =>
  text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`).replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '');

/** The same attack in each place of an entry that readers see, in the three ways that feeds have to carry HTML. */
const FORMATS: Readonly<Record<string, (payload: string, n: number) => string>> = {
  rss: (payload, n) => `<item><guid isPermaLink="false">r${n}</guid><link>https://example.com/r/${n}</link>
    <title>${xml(payload)}</title><author>${xml(payload)}</author><description>${xml(payload)}</description>
    <content:encoded><![CDATA[${payload.replaceAll(']]>', '')}]]></content:encoded></item>`,
  atom: (
    payload,
    n,
  ) => `<entry><id>a${n}</id><link href="${xml(payload)}"/><link rel="enclosure" type="image/png" href="${xml(payload)}"/>
    <title type="html">${xml(`${payload} ${n}`)}</title><author><name>${xml(payload)}</name><uri>${xml(payload)}</uri></author>
    <content type="html">${xml(payload)}</content></entry>`,
  json: (payload, n) =>
    JSON.stringify({
      id: `j${n}`,
      url: payload,
      image: payload,
      title: payload,
      summary: payload,
      content_html: payload,
      authors: [{ name: payload }],
    }),
};

const DOCUMENTS: Readonly<Record<string, (entries: string[]) => string>> = {
  rss: (entries) =>
    `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>${entries.join('')}</channel></rss>`,
  atom: (entries) => `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>${entries.join('')}</feed>`,
  json: (entries) => `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[${entries.join(',')}]}`,
};

const closers: (() => Promise<unknown>)[] = [];
let tools: Awaited<ReturnType<typeof open>>;

async function open() {
  const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
  const { app } = await openPages({ sql: database.sql, redis: store.redis });
  closers.push(() => app.close(), database.close, store.close);
  return { sql: database.sql, app };
}

before(async () => {
  tools = await open();
});
after(async () => {
  for (const close of closers) await close();
});

for (const [format, entryOf] of Object.entries(FORMATS)) {
  test(`nothing unsafe comes from the bytes of a feed (${format}) to JSON and page, and text is kept`, async () => {
    const { sql, app } = tools;
    const bytes = Buffer.from(DOCUMENTS[format]?.(payloads.map(entryOf)) ?? '');
    const read = await readFeed(bytes, {
      url: `https://${format}.example.com/feed`,
      contentType: null,
      defaultZone: null,
    });
    assert.equal(read.kind, 'feed');
    const entries = read.kind === 'feed' ? read.feed.entries : [];
    // Some attacks leave nothing to list: no title, text or link. None takes its neighbours along.
    assert.ok(entries.length >= payloads.length * 0.95, `${entries.length} of ${payloads.length}`);
    const feed = await addFeed(sql, `https://example.com/${format}`);
    const saved = await saveArticles(sql, feed, entries, later(0));
    assert.ok(saved.inserted >= 300, `${saved.inserted} stored, ${saved.rejected} rejected`);
    let kept = 0;
    const { items } = await listArticles(sql, { source: feed.id, content: true, limit: 1000 });
    assert.equal(items.length, saved.inserted);
    for (const [n, article] of items.entries()) {
      const body = articleBody(article);
      assert.deepEqual(unsafeParts(body.content ?? ''), [], body.content);
      for (const url of [body.url, body.image]) assert.match(url ?? 'https://', /^https?:\/\//);
      if (/KEEP/.test(`${body.title} ${body.summary} ${body.content}`)) kept += 1;
      // A page takes ten milliseconds: each twelfth, another one in each format, is looked at whole.
      if (n % 12 !== Object.keys(FORMATS).indexOf(format)) continue;
      const page = await app.inject({ url: `/article/${body.id}`, headers: { accept: 'text/html' } });
      assert.equal(page.statusCode, 200);
      assert.deepEqual(foreignParts(page.body), [], body.title);
    }
    const keeping = payloads.filter((payload) => payload.includes('KEEP')).length;
    assert.ok(kept >= keeping * 0.95, `${kept} of ${keeping}`);
  });
}

type Node = DefaultTreeAdapterTypes.ChildNode;

/** What in a page is neither the site's own nor allowed in an article: scripts, handlers, links of another scheme. */
function foreignParts(html: string): string[] {
  const found: string[] = [];
  const walk = (node: Node) => {
    if (!('tagName' in node)) return;
    const attributes = new Map(node.attrs.map(({ name, value }) => [name, value]));
    if (node.tagName === 'script' && !/^\/assets\//.test(attributes.get('src') ?? '')) found.push('script');
    if (/^(?:iframe|object|embed|base|frame|applet|style)$/.test(node.tagName)) found.push(node.tagName);
    for (const [name, value] of attributes) {
      if (name.startsWith('on') || name === 'srcdoc') found.push(name);
      if (/^(?:href|src|action|formaction)$/.test(name) && !isSafe(value)) found.push(`${name}=${value}`);
    }
    node.childNodes.forEach(walk);
  };
  parse(html).childNodes.forEach(walk);
  return found;
}

function isSafe(value: string): boolean {
  const base = 'https://site.test/';
  return URL.canParse(value, base) && /^(?:https?|mailto|tel):$/.test(new URL(value, base).protocol);
}
