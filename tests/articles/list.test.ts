import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { type ArticleQuery, listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import type { CategorySlug } from '../../src/ids.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, entryOf, forgetArticles, later, NOW } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
const site = { politics: undefined as unknown as CarryingFeed, world: undefined as unknown as CarryingFeed };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(async () => {
  await forgetArticles(opened.sql);
  site.politics = await addFeed(opened.sql, 'https://example.com/politics.rss', ['politics']);
  site.world = await addFeed(opened.sql, 'https://example.com/world.rss', ['world', 'asia']);
});

/** Stores articles, each a minute older than the one before. */
async function save(feed: CarryingFeed, given: readonly (string | Partial<Entry>)[], published = -5000) {
  const entries = given.map((one, n) => {
    const entry = typeof one === 'string' ? { title: one } : one;
    const url = `https://example.com/${encodeURIComponent(entry.title ?? '')}`;
    return entryOf({ guid: entry.title ?? '', url, publishedAt: later(published - n), ...entry });
  });
  await saveArticles(opened.sql, feed, entries, NOW);
}

async function titlesOf(query: Partial<ArticleQuery>): Promise<string[]> {
  return (await listArticles(opened.sql, { limit: 50, ...query })).items.map(({ title }) => title);
}

/** All pages, two at a time; before each but the first, `meanwhile` happens. */
async function pagesOf(query: Partial<ArticleQuery>, meanwhile: (page: number) => Promise<void>): Promise<string[]> {
  const titles: string[] = [];
  let cursor: string | null | undefined;
  for (let page = 0; cursor !== null; page++) {
    if (page > 0) await meanwhile(page);
    const { items, next } = await listArticles(opened.sql, { limit: 2, ...query, ...(cursor && { cursor }) });
    titles.push(...items.map(({ title }) => title));
    cursor = next;
  }
  return titles;
}

describe('pages', () => {
  const arrive = async (page: number) => {
    await save(site.world, [{ title: `Late rain ${page}`, language: 'en' }], 60 + page);
  };

  it('show each article once while others arrive: of all, of a filter, of a search', async () => {
    const titles = Array.from({ length: 7 }, (_, n) => `Rain ${n}`);
    await save(
      site.world,
      titles.map((title) => ({ title, language: 'en-GB' })),
    );
    for (const query of [
      {},
      { category: 'asia' as CategorySlug },
      { source: site.world.id },
      { language: 'en' },
      { from: later(-6000) },
      { q: 'rain' },
      { q: 'rains', category: 'asia' as CategorySlug },
      { q: 'rain', sort: 'relevance' as const },
    ]) {
      assert.deepEqual(await pagesOf(query, arrive), titles, JSON.stringify(query));
      await opened.sql.query(`delete from articles where title like 'Late%'`);
    }
  });

  it('go through articles of one second, and give no cursor after the last', async () => {
    await saveArticles(
      opened.sql,
      site.politics,
      ['A', 'B', 'C'].map((title) => entryOf({ title, publishedAt: NOW })),
      NOW,
    );
    assert.deepEqual(await pagesOf({}, async () => {}), ['C', 'B', 'A']);
    assert.equal((await listArticles(opened.sql, { limit: 3 })).next, null);
  });

  it('refuse cursors that they did not give, and those of another order', async () => {
    await save(site.politics, ['Rain 1', 'Rain 2']);
    const odd = (text: string) => Buffer.from(text).toString('base64url');
    const ids = '0123456789ab.0123456789ab';
    const byTime = (await listArticles(opened.sql, { limit: 1 })).next ?? '';
    const byRank = (await listArticles(opened.sql, { limit: 1, q: 'rain', sort: 'relevance' })).next ?? '';
    for (const cursor of ['', 'x', odd('abc'), odd(ids), `${odd('0123456789ab')}=`, '\0', byRank]) {
      await assert.rejects(listArticles(opened.sql, { limit: 1, cursor }), { code: 'cursor-invalid' }, cursor);
    }
    for (const cursor of [byTime, odd(`${ids}.`), odd(`${ids}.NaN`), odd(`${ids}.-1`), odd(`${ids}.1e0`)]) {
      const query = { limit: 1, q: 'rain', sort: 'relevance' as const, cursor };
      await assert.rejects(listArticles(opened.sql, query), { code: 'cursor-invalid' }, cursor);
    }
  });
});

describe('filters', () => {
  it('select by category, source, language and time, in any combination', async () => {
    await save(site.politics, [
      { title: 'Tax', language: 'en' },
      { title: 'Steuer', language: 'de_AT' },
    ]);
    await save(site.world, [{ title: 'Vote', language: 'en-GB' }, '東京で雨'], -4000);
    await save(site.world, ['Tax'], -5000);
    assert.deepEqual(await titlesOf({ category: 'politics' as CategorySlug }), ['Tax', 'Steuer']);
    assert.deepEqual(await titlesOf({ category: 'asia' as CategorySlug }), ['Vote', '東京で雨', 'Tax']);
    assert.deepEqual(await titlesOf({ category: 'none' as CategorySlug }), []);
    assert.deepEqual(await titlesOf({ source: site.world.id }), ['Vote', '東京で雨', 'Tax']);
    assert.deepEqual(await titlesOf({ source: site.world.id, category: 'politics' as CategorySlug }), ['Tax']);
    assert.deepEqual(await titlesOf({ language: 'en' }), ['Vote', 'Tax']);
    assert.deepEqual(await titlesOf({ language: 'DE' }), ['Steuer']);
    assert.deepEqual(await titlesOf({ from: later(-5000) }), ['Vote', '東京で雨', 'Tax']);
    assert.deepEqual(await titlesOf({ from: later(-5001), to: later(-4000) }), ['東京で雨', 'Tax', 'Steuer']);
    assert.deepEqual(await titlesOf({ from: new Date(later(-5000).getTime() + 1), to: later(-4000) }), ['東京で雨']);
    assert.deepEqual(await titlesOf({ q: 'tax', language: 'en', to: later(-4000) }), ['Tax']);
    assert.deepEqual(await titlesOf({ q: 'tax', language: 'de' }), []);
  });

  it('show a feed’s article once, however often its guid changed', async () => {
    await save(site.politics, [{ title: 'Tax', guid: 'one' }]);
    await save(site.politics, [{ title: 'Tax', guid: 'two' }]);
    assert.deepEqual(await titlesOf({ source: site.politics.id }), ['Tax']);
  });

  it('leave copies out, unless they are asked for', async () => {
    await save(site.politics, ['Original rain', 'Copied rain']);
    await opened.sql.query(
      `update articles set original_id = (select id from articles where title like 'O%') where title like 'C%'`,
    );
    for (const query of [{}, { q: 'rain' }, { category: 'politics' as CategorySlug }, { source: site.politics.id }]) {
      assert.deepEqual(await titlesOf(query), ['Original rain']);
      assert.deepEqual(await titlesOf({ ...query, copies: true }), ['Original rain', 'Copied rain']);
    }
  });

  it('reach the times before 1970', async () => {
    await saveArticles(
      opened.sql,
      site.politics,
      [entryOf({ title: 'Old', publishedAt: new Date('1955-01-01') })],
      NOW,
    );
    assert.deepEqual(await titlesOf({ to: new Date('1956-01-01') }), ['Old']);
    assert.deepEqual(await titlesOf({ from: new Date('1956-01-01') }), []);
    assert.deepEqual(await titlesOf({ from: new Date('1954-01-01'), q: 'old' }), ['Old']);
  });

  it('give the text where it is asked for', async () => {
    await save(site.politics, [{ title: 'Tax', content: '<p>More</p>' }]);
    assert.equal((await listArticles(opened.sql, { limit: 1 })).items[0]?.content, undefined);
    assert.equal((await listArticles(opened.sql, { limit: 1, content: true })).items[0]?.content, '<p>More</p>');
  });
});

describe('searching', () => {
  it('finds what people type', async () => {
    await save(site.politics, [
      {
        title: 'Ministers meet in Tokyo',
        summary: 'The U.S. envoy was late.',
        content: '<p>Covid-19 was <b>no</b> topic</p>',
      },
      { title: '首都高で多重事故', summary: '渋滞10キロ、通行止め' },
      { title: 'Élections à Zürich', summary: 'Prix Nobel : 1,000 voix' },
      { title: '50% off_the\\record', summary: 'Ca$h & "cheques"' },
      { title: '서울에서 눈', summary: 'ข่าววันนี้' },
    ]);
    const [meeting, accident, zurich, sale, snow] = await titlesOf({});
    for (const [q, ...titles] of [
      ['minister tokyo', meeting],
      ['TOKYO  "meet in"', meeting],
      ['"in meet"'],
      ['minist*', meeting],
      ['us envoy', meeting],
      ['"u.s. envoys"', meeting],
      ['covid-19', meeting],
      ['covid 19', meeting],
      ['topic no', meeting],
      ['tokyo | zurich', meeting, zurich],
      ['tokyo OR zurich -nobel', meeting],
      ['-tokyo -nobel -record -눈', accident],
      ['-"meet in" OR tokyo -事故 -nobel -50 -서울', meeting],
      ['多重', accident],
      ['重事', accident],
      ['首都高で多重事故', accident],
      ['首都 事故', accident],
      ['事故多重'],
      ['高', accident],
      ['故', accident],
      ['１０ｷﾛ', accident],
      ['滞10キ', accident],
      ['通行止め -渋滞'],
      ['zurich élection', zurich],
      ['ELECTION 1000', zurich],
      ['50%', sale],
      ["cash' or 'cheque", undefined],
      ['cheque record', sale],
      ['울에', snow],
      ['눈', snow],
      ['วัน', snow],
      ['wom*'],
    ] as const) {
      assert.deepEqual(
        await titlesOf({ q }),
        titles.filter((title) => title !== undefined),
        q,
      );
    }
    for (const nothing of ['', '   ', '"', '-', '*', '!!!', "'", '\\', 'OR', '" "', '🎉', '\0']) {
      assert.deepEqual(await titlesOf({ q: nothing }), [], nothing);
    }
  });

  it('never fails, and finds any two characters of a Japanese title', async () => {
    const title = '政府、経済対策を決定 きょう閣議';
    await save(site.politics, [title]);
    const piece = fc.constantFrom('-', '"', '*', '|', ' OR ', '(', ')', "'", '\\', ':', '&', '!', '<->', ':*', ' ');
    const typed = fc.array(fc.oneof(piece, fc.string({ maxLength: 5 }), fc.string({ unit: 'grapheme', maxLength: 5 })));
    await fc.assert(
      fc.asyncProperty(typed, fc.constantFrom('newest', 'relevance'), async (pieces, sort) => {
        await listArticles(opened.sql, { q: pieces.join(''), sort, limit: 1 });
      }),
      { numRuns: 200 },
    );
    for (const [run] of title.matchAll(/\p{L}+/gu)) {
      for (let start = 0; start + 2 <= run.length; start++) {
        const q = run.slice(start, start + 2);
        assert.deepEqual(await titlesOf({ q }), [title], q);
      }
    }
  });

  it('follows an article’s words', async () => {
    await save(site.politics, [{ title: 'Rain', guid: 'a', url: 'https://example.com/a' }]);
    await save(site.politics, [{ title: 'Snow', guid: 'a', url: 'https://example.com/a' }]);
    assert.deepEqual([await titlesOf({ q: 'rain' }), await titlesOf({ q: 'snow' })], [[], ['Snow']]);
  });

  it('puts titles before summaries before texts by relevance, and the newest first otherwise', async () => {
    await save(site.politics, [
      { title: 'C', content: '<p>taxes</p>' },
      { title: 'B', summary: 'taxes' },
      { title: 'Taxes' },
      { title: 'Tax' },
    ]);
    assert.deepEqual(await titlesOf({ q: 'tax' }), ['C', 'B', 'Taxes', 'Tax']);
    assert.deepEqual(await titlesOf({ q: 'tax', sort: 'relevance' }), ['Tax', 'Taxes', 'B', 'C']);
  });
});
