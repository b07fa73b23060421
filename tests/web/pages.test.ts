import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { listArticles } from '../../src/articles/list.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { fillSite, SECTIONS } from './filled-site.ts';
import { seed } from './newsroom.ts';
import { boxIn, openPages } from './serve.ts';

let sql: Sql;
let redis: Redis;
let app: FastifyInstance;
let ids: ArticleId[];
const closers: (() => Promise<void>)[] = [];

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { accept: 'text/html', ...headers } });
const bodyOf = async (url: string) => (await get(url)).body;
const count = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].length;
const id = (index: number) => ids[index] ?? ('' as ArticleId);

before(async () => {
  const [database, store] = await Promise.all([openTestSql(), openTestRedis()]);
  closers.push(database.close, store.close);
  ({ sql } = database);
  ({ redis } = store);
});

after(async () => {
  for (const close of closers) await close();
});

describe('a site without any data', () => {
  before(async () => {
    ({ app } = await openPages({ sql, redis }));
  });
  after(() => app.close());

  test('the front page says how to add feeds', async () => {
    const response = await get('/');
    assert.equal(response.statusCode, 200);
    assert.match(response.body, /newsrank feeds add/);
  });

  test('the ranking says how it fills', async () => {
    const html = await bodyOf('/ranking');
    assert.match(html, /JN ACCESS RANKING/);
    assert.match(html, /Nobody has read anything here yet/);
  });

  test('the search page has its form', async () => {
    assert.match(await bodyOf('/search'), /name="q"/);
  });
});

describe('a site with news', () => {
  before(async () => {
    ids = await fillSite(sql, redis);
    ({ app } = await openPages({ sql, redis }));
  });
  after(() => app.close());

  test('the front page has a lead, the latest, the sections and both boxes', async () => {
    const html = await bodyOf('/');
    assert.match(html, /class="lead-title"><a href="\/article\/[0-9a-z]{12}">Japan to Offer U\.S\./);
    assert.match(html, /id="latest-title">Latest/);
    assert.match(html, /JN ACCESS RANKING/);
    assert.match(html, /JN POPULAR ARTICLE/);
    for (const name of SECTIONS) assert.ok(html.includes(`>${name}</a>`), name);
    assert.equal(count(html, /<h1[\s>]/g), 1);
    assert.equal(count(boxIn(html, 'box-access'), /class="rank"/g), 5);
  });

  test('the boxes of a section follow its lead, and on its further pages come last', async () => {
    const html = await bodyOf('/category/politics');
    const places = ['card-first', 'id="box-popular-category"', 'id="box-access"', 'card-row'].map((at) =>
      html.indexOf(at),
    );
    assert.ok(places.every((place) => place > 0));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    const { next } = await listArticles(sql, { category: 'politics' as CategorySlug, limit: 1 });
    const further = await bodyOf(`/category/politics?cursor=${next}`);
    assert.doesNotMatch(further, /columns-led/);
    assert.ok(further.indexOf('id="box-access"') > further.lastIndexOf('card-row'));
  });

  test('no article stands twice among the lead and the sections', async () => {
    const html = await bodyOf('/');
    const shown = [...html.slice(html.indexOf('class="blocks')).matchAll(/data-article="(\w+)"/g)].map(
      (match) => match[1],
    );
    assert.ok(shown.length > 8);
    assert.equal(new Set(shown).size, shown.length);
  });

  test('the tabs are links that change the list', async () => {
    const [day, week] = await Promise.all([bodyOf('/?window=24h'), bodyOf('/?window=7d')]);
    assert.match(boxIn(day, 'box-access'), /href="\/\?window=7d"/);
    assert.match(boxIn(week, 'box-access'), /href="\/\?window=7d"[^>]*aria-current="true">Week/);
    assert.doesNotMatch(boxIn(week, 'box-access'), new RegExp(id(0)));
    assert.match(boxIn(week, 'box-access'), new RegExp(id(10)));
    assert.equal(boxIn(await bodyOf('/?window=nonsense'), 'box-access'), boxIn(day, 'box-access'));
  });

  test('a row says its movement in words', async () => {
    const box = boxIn(await bodyOf('/'), 'box-access');
    for (const words of ['Unchanged', 'Up from 4', 'New in this list', 'Down from 3']) {
      assert.ok(box.includes(`<span class="visually-hidden">${words}</span>`), words);
    }
    assert.match(box, /4,218 reads/);
  });

  test('the article page: headline, source, times in the site’s zone, picture, text, original', async () => {
    const html = await bodyOf(`/article/${id(0)}`);
    assert.match(
      html,
      /<h1 class="story-title" itemprop="headline">Japan to Offer U\.S\. Proposals \(UPDATE 2\)<\/h1>/,
    );
    assert.match(html, /12:48 JST, November 26, 2024/);
    assert.match(html, /Updated <time[^>]*>13:08 JST, November 26, 2024/);
    assert.match(html, /By Makoto Hattori/);
    assert.match(html, /<figcaption>Picture: <span>The Japan News/);
    assert.match(html, /<h2>What is known<\/h2><p>The <strong>package<\/strong>/);
    assert.match(html, /Updates: 2/);
    assert.match(html, /Japan to Offer Proposals<\/span>/);
    assert.match(html, /Read the original/);
    assert.match(html, /rel="canonical" href="http:\/\/[^"]+\/article\/[0-9a-z]{12}"/);
    assert.match(html, new RegExp(`<noscript><img[^>]+/v1/views/pixel.gif\\?article=${id(0)}`));
    assert.equal(count(html, /<h1[\s>]/g), 1);
  });

  test('beside an article stand its category’s popular box and the site’s ranking, both without it', async () => {
    const html = await bodyOf(`/article/${id(0)}`);
    const [popular, access] = [boxIn(html, 'box-popular-category'), boxIn(html, 'box-access')];
    assert.match(popular, /&quot;Politics&quot; POPULAR ARTICLE/);
    assert.match(access, /JN ACCESS RANKING/);
    for (const box of [popular, access]) {
      assert.doesNotMatch(box, new RegExp(`/article/${id(0)}`));
      assert.equal(count(box, /class="rank"/g), 5);
      assert.match(box, /class="rank-number" itemprop="position">1</);
    }
    assert.match(access, new RegExp(`href="/article/${id(1)}#box"`));
  });

  test('other articles about the event stand below the text, under a heading in the page’s language', async () => {
    await sql.query('update articles set story_id = 1 where id = any ($1::text[])', [[id(0), id(1), id(4)]]);
    await sql.query('update articles set story_id = 2 where id = any ($1::text[])', [[id(2), id(5)]]);
    const related = async (index: number, query = '') =>
      /<section class="related"[\s\S]*?<\/section>/.exec(await bodyOf(`/article/${id(index)}${query}`))?.[0] ?? '';
    const section = await related(0);
    assert.match(section, /<h2 [^>]+>Related coverage<\/h2>/);
    assert.deepEqual(
      [...section.matchAll(/data-article="(\w+)"/g)].map((match) => match[1]),
      [id(1), id(4)],
    );
    assert.doesNotMatch(section, /<script|<img src=x/);
    assert.match(await related(2, '?lang=ja'), /id="related-title">関連記事<\/h2>/);
    assert.equal(await related(3), '');
  });

  test('an article without a category has the site’s popular box', async () => {
    assert.match(await bodyOf(`/article/${id(3)}`), /JN POPULAR ARTICLE/);
  });

  test('what feeds say is text wherever it stands', async () => {
    for (const url of ['/', '/category/politics', `/article/${id(1)}`, '/ranking', '/search?q=alert']) {
      const html = await bodyOf(url);
      assert.ok(html.includes('&lt;script&gt;alert(1)'), url);
      assert.doesNotMatch(html, /<script>|onerror=alert\(1\)>|"javascript:/, url);
    }
  });

  test('Japanese is marked as such', async () => {
    const html = await bodyOf(`/article/${id(2)}`);
    assert.match(html, /<h1 class="story-title" itemprop="headline" lang="ja">首都高で多重事故/);
    assert.match(html, /<a href="\/category\/%E7%A4%BE%E4%BC%9A" lang="ja"[^>]*>社会/);
  });

  test('a category page leads on to the older articles', async () => {
    assert.equal((await get('/category/%E7%A4%BE%E4%BC%9A')).statusCode, 200);
    await seed(
      sql,
      'Archive',
      Array.from({ length: 25 }, (_, index) => ({
        title: `Old news ${index}`,
        categories: ['Science'],
        minutesAgo: 900 + index,
      })),
    );
    const first = await bodyOf('/category/science');
    assert.match(first, /<h1 class="page-title">Science<\/h1>/);
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await bodyOf(next);
    assert.match(second, />Newest<\/a>/);
    const shown = (html: string) =>
      [...html.matchAll(/class="card [^>]+data-article="(\w+)"/g)].map((match) => match[1]);
    assert.equal(shown(first).length, 20);
    assert.ok(shown(second).length > 0);
    assert.equal(new Set([...shown(first), ...shown(second)]).size, shown(first).length + shown(second).length);
  });

  test('the ranking page: windows as tabs, a category, a whole list', async () => {
    const html = await bodyOf('/ranking?window=now&category=politics');
    assert.match(html, /<h1[^>]*>&quot;Politics&quot; POPULAR ARTICLE<\/h1>/);
    assert.match(html, /aria-current="page">Now/);
    assert.match(html, /<option value="politics" selected>/);
    assert.equal(count(await bodyOf('/ranking'), /class="rank"/g), 8);
    assert.equal((await get('/ranking?category=none')).statusCode, 404);
  });

  test('search lists what it finds, and says when it finds nothing', async () => {
    assert.match(await bodyOf('/search?q=proposals'), new RegExp(id(0)));
    assert.match(await bodyOf('/search?q=xyzzy'), /Nothing found for “xyzzy”/);
    assert.match(await bodyOf('/search?q=%22%3E%3Cb%3E'), /value="&quot;&gt;&lt;b&gt;"/);
    assert.match(await bodyOf(`/search?q=${encodeURIComponent('多重')}`), new RegExp(id(2)));
  });

  test('search keeps its filters from page to page, and takes no nonsense', async () => {
    const filters = 'category=politics&language=&from=2024-11-26&to=2024-11-26&sort=';
    const first = await bodyOf(`/search?q=assembly+-zzz&${filters}`);
    assert.match(first, /<input id="search-q" name="q" type="search" value="assembly -zzz"/);
    assert.match(first, /<option value="politics" selected>Politics/);
    assert.match(first, /name="from" type="date" value="2024-11-26"/);
    assert.match(first, /<details class="search-filters" open>/);
    const shown = [...first.matchAll(/<li class="card[^>]*data-article="([^"]+)"/g)].map(([, article]) => article);
    assert.deepEqual(
      shown,
      ids
        .slice(4)
        .filter((_, index) => index % 8 === 0)
        .slice(0, 20),
    );

    const all = await bodyOf('/search?q=assembly');
    const next = /rel="next" href="([^"]+)"/.exec(all)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.match(next, /^\/search\?q=assembly&cursor=/);
    const second = await bodyOf(next);
    assert.match(second, new RegExp(`data-article="${id(24)}"`));
    assert.match(second, /href="\/search\?q=assembly">Newest</);

    assert.match(await bodyOf('/search?q=assembly&to=1999-01-01'), /the filters leave too little/);
    assert.equal(count(await bodyOf('/search?from=2024-11-26'), /<li class="card/g), 20);
    for (const odd of [
      'category=%00',
      'category=a%00b',
      'from=yesterday',
      'source=x',
      'language=%00',
      'q=a&q=b',
      'sort=up',
      'category=none',
      'to=9999-99-99',
    ]) {
      assert.equal((await get(`/search?${odd}`)).statusCode, 200, odd);
    }
  });

  test('the page of a copy says whose it is, and the original’s page names it', async () => {
    await sql.query('update articles set original_id = $1 where id = $2', [id(5), id(6)]);
    const copy = await bodyOf(`/article/${id(6)}`);
    assert.match(copy, new RegExp(`This is a copy of <a href="/article/${id(5)}"`));
    assert.match(copy, new RegExp(`<link rel="canonical" href="[^"]*/article/${id(5)}">`));
    const original = await bodyOf(`/article/${id(5)}`);
    assert.match(original, new RegExp(`The same text[^]*href="/article/${id(6)}"`));
    assert.doesNotMatch(await bodyOf('/search?q=%22budget+number+2%22'), new RegExp(`data-article="${id(6)}"`));
    await sql.query('update articles set original_id = null');
  });
});
