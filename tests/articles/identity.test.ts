import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { listArticles } from '../../src/articles/list.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { openTestSql } from '../support/engines.ts';
import { addFeed, countOf, entryOf, forgetArticles, later } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());
beforeEach(() => forgetArticles(opened.sql));

type Round = Partial<Entry>[];

/** Polls of one feed, ten minutes apart: how many articles there are after each, and whether its guids are trusted. */
async function poll(rounds: readonly Round[]): Promise<{ counts: number[]; trust: string[]; titles: string[] }> {
  const feed = await addFeed(opened.sql, 'https://example.com/news.rss');
  const counts: number[] = [];
  const trust: string[] = [];
  for (const [round, document] of rounds.entries()) {
    await saveArticles(opened.sql, feed, document.map(entryOf), later(round * 10));
    const { rows } = await opened.sql.query<{ guid_trust: string }>('select guid_trust from feeds');
    counts.push(await countOf(opened.sql, 'articles'));
    trust.push(rows[0]?.guid_trust ?? '');
  }
  const { items } = await listArticles(opened.sql, { limit: 100 });
  return { counts, trust, titles: items.map(({ title }) => title).sort() };
}

const WORDS = [
  'Parliament votes on the budget',
  'Rain at noon in Osaka',
  'Toyoda wins once more',
  'Exports fell in May',
];
const TEXTS = [
  'Members of the lower house gathered early for a vote that had been put off twice.',
  'Umbrellas were out all over the city while trains ran late on most of the lines.',
  'It was the third victory of the season, and the crowd stayed until after sunset.',
  'Ships waited outside the harbour as orders from abroad went on shrinking again.',
];

/** Four articles as a feed words them, with dates unless told otherwise. */
function four(name: (n: number) => Partial<Entry>, isDated = true): Round {
  return WORDS.map((title, n) => ({
    title,
    summary: TEXTS[n] ?? '',
    publishedAt: isDated ? later(-61 - n * 7) : null,
    ...name(n),
  }));
}

const path = (n: number) => `/2024/11/${WORDS[n]?.toLowerCase().replaceAll(' ', '-')}`;
const at = (n: number, host = 'example.com', scheme = 'https') => `${scheme}://${host}${path(n)}`;
const rounds = (count: number, make: (round: number) => Round): Round[] =>
  Array.from({ length: count }, (_, round) => make(round));

/** name · documents: four articles, in whatever form they come */
const SAME: readonly (readonly [string, (isDated: boolean) => Round[]])[] = [
  [
    'http, then https',
    (d) => [four((n) => ({ url: at(n, 'example.com', 'http') }), d), four((n) => ({ url: at(n) }), d)],
  ],
  [
    'a link for a guid, with http and then https',
    (d) =>
      ['http', 'https'].map((scheme) =>
        four((n) => ({ guid: at(n, 'example.com', scheme), url: at(n, 'example.com', scheme) }), d),
      ),
  ],
  ...['www.example.com', 'blog.example.com', 'another.test'].map(
    (host) =>
      [
        `a move to ${host}, guids and all`,
        (d: boolean) => ['example.com', host].map((name) => four((n) => ({ guid: at(n, name), url: at(n, name) }), d)),
      ] as const,
  ),
  ['a move without guids', (d) => ['example.com', 'b.test'].map((host) => four((n) => ({ url: at(n, host) }), d))],
  [
    'a new system of guids: from links to tags, then to uuids',
    (d) => [
      four((n) => ({ guid: at(n), url: at(n) }), d),
      four((n) => ({ guid: `tag:example.com,2024:${n}`, url: at(n) }), d),
      four((n) => ({ guid: `urn:uuid:0000-${n}`, url: at(n) }), d),
    ],
  ],
  [
    'a new system of guids and a new host at once',
    (d) => [
      four((n) => ({ guid: at(n), url: at(n) }), d),
      four((n) => ({ guid: `tag:example.com,2024:${n}`, url: at(n, 'news.example.com') }), d),
    ],
  ],
  ['guids that are new on every poll', (d) => rounds(6, (r) => four((n) => ({ guid: `${r}/${n}`, url: at(n) }), d))],
  [
    'links with a token that is new on every poll',
    (d) => rounds(4, (r) => four((n) => ({ url: `${at(n)}?session=${r}${n}` }), d)),
  ],
  [
    'guids and tokens that are new on every poll',
    (d) => rounds(6, (r) => four((n) => ({ guid: `${r}/${n}`, url: `https://example.com/read.php?t=${r}x${n}` }), d)),
  ],
  ['guids that are new on every poll, without links', (d) => rounds(6, (r) => four((n) => ({ guid: `${r}/${n}` }), d))],
];

describe('one article, whatever its keys do', () => {
  for (const [name, documents] of SAME) {
    for (const isDated of [true, false]) {
      it(`${name}${isDated ? '' : ', without dates'}`, async () => {
        const { counts } = await poll(documents(isDated));
        assert.deepEqual(
          counts,
          counts.map(() => 4),
        );
      });
    }
  }

  it('a title and a guid that change at one link', async () => {
    const a = { guid: '1', url: at(0), title: 'A vote is near' };
    const { titles } = await poll([[a], [{ ...a, guid: '2', title: 'Members have voted' }]]);
    assert.deepEqual(titles, ['Members have voted']);
  });

  it('updates while guids and tokens change', async () => {
    const entry = (r: number) => four((n) => ({ guid: `${r}/${n}`, url: `${at(n)}?t=${r}` }));
    const marked = entry(1).map((one) => ({ ...one, title: `${one.title} (UPDATE 2)` }));
    const rewritten = entry(2).map((one) => ({
      ...one,
      title: `${one.title} (UPDATE 2)`,
      summary: `${one.summary} More.`,
    }));
    const { counts, titles } = await poll([entry(0), marked, rewritten]);
    assert.deepEqual(counts, [4, 4, 4]);
    assert.ok(titles.every((title) => title.endsWith('(UPDATE 2)')));
  });
});

const market = { title: 'Market report', summary: 'The latest from the floor of the exchange, every working day.' };

/** name · documents · articles in the end */
const DIFFERENT: readonly (readonly [string, Round[], number])[] = [
  [
    'one guid for one article after the other',
    rounds(4, (n) => [
      { guid: 'latest', url: at(n), title: WORDS[n] ?? '', summary: TEXTS[n] ?? '', publishedAt: later(n * 9 - 1) },
    ]),
    4,
  ],
  ['the same without texts and dates', rounds(4, (n) => [{ guid: 'latest', url: at(n), title: WORDS[n] ?? '' }]), 4],
  [
    'the same without links',
    rounds(4, (n) => [
      { guid: 'latest', title: WORDS[n] ?? '', summary: TEXTS[n] ?? '', publishedAt: later(n * 9 - 1) },
    ]),
    4,
  ],
  [
    'guids that are places in the list',
    rounds(3, (r) => [0, 1].map((n) => ({ guid: `${n + 1}`, url: at(r + 1 - n), title: WORDS[r + 1 - n] ?? '' }))),
    4,
  ],
  [
    'a report of each day, with guid and link of its own',
    rounds(4, (n) => [
      { ...market, guid: `m${n}`, url: `https://example.com/market/${n}`, publishedAt: later(n * 1440 - 9999) },
    ]),
    4,
  ],
  [
    'the same without dates',
    rounds(4, (n) => [{ ...market, guid: `m${n}`, url: `https://example.com/market/${n}` }]),
    4,
  ],
  [
    'the same by parameter, beside other articles',
    rounds(4, (n) => [
      { ...market, guid: `m${n}`, url: `https://example.com/read?id=${n}` },
      { guid: 'x', url: at(1), title: WORDS[1] ?? '' },
    ]),
    5,
  ],
  [
    'the same under a guid that all share',
    rounds(3, (n) => [
      {
        title: 'Photo of the day',
        summary: TEXTS[n] ?? '',
        guid: 'photo',
        url: `https://example.com/photo/${n}`,
        publishedAt: later(n * 1440 - 9999),
      },
    ]),
    3,
  ],
  [
    'two of them in one document',
    rounds(2, () =>
      [1, 2].map((n) => ({ ...market, guid: `m${n}`, url: `https://example.com/m/${n}`, publishedAt: later(-9) })),
    ),
    2,
  ],
  [
    'one page for all, seen together and then alone',
    [
      [0, 1].map((n) => ({ guid: `${n}`, url: 'https://example.com/alerts', title: WORDS[n] ?? '' })),
      [{ guid: '2', url: 'https://example.com/alerts', title: WORDS[2] ?? '' }],
      [{ guid: '3', url: 'https://example.com/alerts', title: WORDS[3] ?? '' }],
    ],
    4,
  ],
  [
    'two weblogs of a planet with one path and title',
    [
      [{ guid: 'a', url: 'https://a.test/hello-world', title: 'Hello world', publishedAt: later(-61) }],
      [{ guid: 'b', url: 'https://b.test/hello-world', title: 'Hello world', publishedAt: later(-5) }],
    ],
    2,
  ],
];

describe('different articles, whatever they share', () => {
  for (const [name, documents, articles] of DIFFERENT) {
    it(name, async () => {
      const { counts } = await poll(documents);
      assert.equal(counts.at(-1), articles, counts.join(' '));
    });
  }

  it('a link that one feed gives to many entries stays that of the article of another feed', async () => {
    const page = await addFeed(opened.sql, 'https://example.com/news.rss');
    const comments = await addFeed(opened.sql, 'https://example.com/comments.rss');
    const article = entryOf({ guid: 'a', url: at(0), title: WORDS[0] ?? '' });
    await saveArticles(opened.sql, page, [article], later(0));
    const said = [1, 2].map((n) =>
      entryOf({ guid: `c${n}`, url: `${at(0)}#c${n}`, title: `Reader ${n} on the budget` }),
    );
    await saveArticles(opened.sql, comments, said, later(1));
    assert.equal(await countOf(opened.sql, 'articles'), 3);
    const third = await addFeed(opened.sql, 'https://example.com/politics.rss');
    await saveArticles(opened.sql, third, [{ ...article, guid: 'z' }], later(2));
    assert.equal(await countOf(opened.sql, 'articles'), 3);
  });
});

describe('trust in guids', () => {
  it('outlives one new system of guids', async () => {
    const old = four((n) => ({ guid: at(n), url: at(n) }));
    const tags = four((n) => ({ guid: `tag:${n}`, url: at(n) }));
    const next = [...tags, { guid: 'tag:9', url: 'https://example.com/9', title: 'Another one' }];
    assert.deepEqual((await poll([old, tags, tags, next])).trust, ['trusted', 'trusted', 'trusted', 'trusted']);
  });

  it('is lost when they are new again and again, and comes back', async () => {
    const changing = rounds(4, (r) => four((n) => ({ guid: `${r}/${n}`, url: at(n) })));
    const fixed = rounds(4, (r) => [
      ...four((n) => ({ guid: at(n), url: at(n) })),
      { guid: `new ${r}`, url: `https://example.com/new/${r}`, title: `Another one, the ${r}th` },
    ]);
    const { trust, counts } = await poll([...changing, ...fixed]);
    assert.deepEqual(trust.slice(0, 4), ['trusted', 'trusted', 'changing', 'changing']);
    assert.deepEqual(trust.slice(4), ['changing', 'changing', 'changing', 'trusted']);
    assert.equal(counts.at(-1), 8);
    // Guids that meant nothing were not stored: only those of the first two rounds beside link, place and words.
    const { rows } = await opened.sql.query<{ n: number }>(
      'select count(*) as n from article_aliases group by article_id order by n desc limit 1',
    );
    assert.ok((rows[0]?.n ?? 99) <= 8, String(rows[0]?.n));
    assert.ok((await countOf(opened.sql, 'sources')) <= 4 * 4 + 4);
  });

  it('is lost when one stands for another article, and the same document twice is no new evidence', async () => {
    const one = { guid: 'latest', url: at(0), title: WORDS[0] ?? '' };
    const other = { guid: 'latest', url: at(1), title: WORDS[1] ?? '' };
    assert.deepEqual((await poll([[one], [other], [other]])).trust, ['trusted', 'reused', 'reused']);
    const { rows } = await opened.sql.query<{ evidence: { steady: number } }>(
      'select guid_evidence as evidence from feeds',
    );
    assert.equal(rows[0]?.evidence.steady, 0);
  });
});

describe('keys', () => {
  it('of an article stay few, whatever a feed does to its link', async () => {
    await poll(rounds(60, (r) => [{ guid: 'a', url: `${at(0)}?session=${r}`, title: WORDS[0] ?? '' }]));
    assert.equal(await countOf(opened.sql, 'articles'), 1);
    assert.ok((await countOf(opened.sql, 'article_aliases')) <= 33);
    const { rows } = await opened.sql.query('select revision, url from articles');
    assert.deepEqual(rows, [{ revision: 1, url: `${at(0)}?session=0` }]);
  });
});
