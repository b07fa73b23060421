import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import type { CarryingFeed } from '../../src/articles/draft.ts';
import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { databaseUrl, openTestSql } from '../support/engines.ts';
import { addFeed, entryOf, forgetArticles, later, rowsOnDisk } from './entries.ts';

const opened = { sql: undefined as unknown as Sql, close: async () => {} };
before(async () => void Object.assign(opened, await openTestSql()));
after(() => opened.close());

const SUBJECTS = [
  'Parliament',
  'The harbour',
  'A glacier',
  'Toyoda',
  'The orchestra',
  'An old bridge',
  'Tax law',
  'Osaka',
];
const EVENTS = [
  'votes at last',
  'reopens in spring',
  'wins once more',
  'falls silent',
  'asks for patience',
  'runs dry',
];
const DETAILS = [
  'Witnesses spoke of',
  'Officials denied',
  'Nobody had expected',
  'Documents mention',
  'Visitors photographed',
];

/** Of each kind; forty of each were run when this was made. */
const RUNS = databaseUrl === undefined ? 2 : 3;

/**
 * Words of an article: its number is told by them, and by nothing else that is common to all policies. They hold no other
 * number: texts about alike that have one in common are versions of one.
 */
function wordsOf(n: number, revision: number): Partial<Entry> {
  const pick = (list: readonly string[], by: number) => list[Math.floor(n / by) % list.length] ?? '';
  const title = `${pick(SUBJECTS, 1)} ${pick(EVENTS, 8)}${revision > 0 ? ` (UPDATE ${revision + 1})` : ''}`;
  const detail = `${pick(DETAILS, 1)} ${pick(SUBJECTS, 3).toLowerCase()} where ${pick(EVENTS, 2)}, said number ${n}`;
  return {
    title,
    summary: `${detail}${', and again'.repeat(revision)}.`,
    publishedAt: later(-5000 + n * 31),
  };
}

const slug = (n: number) => `/news/${n}-${SUBJECTS[n % SUBJECTS.length]?.toLowerCase().replaceAll(' ', '-')}`;

/** How a feed names an article: by its number, in this poll, as the entry in this place. */
type Policy = (n: number, poll: number, place: number) => Partial<Entry>;

const POLICIES: Readonly<Record<string, Policy>> = {
  'steady guids and links': (n) => ({ guid: `g${n}`, url: `https://example.com${slug(n)}` }),
  'steady guids alone': (n) => ({ guid: `g${n}` }),
  'links alone': (n) => ({ url: `https://example.com${slug(n)}` }),
  'http, then https': (n, poll) => {
    const url = `${poll < 3 ? 'http' : 'https'}://${poll < 3 ? 'www.' : ''}example.com${slug(n)}`;
    return { guid: url, url };
  },
  'a host that moves': (n, poll) => {
    const url = `https://${['example.com', 'blog.example.com', 'other.test'][Math.floor(poll / 3)] ?? 'last.test'}${slug(n)}`;
    return { guid: url, url };
  },
  'new systems of guids': (n, poll) => ({
    guid:
      [`https://example.com${slug(n)}`, `tag:example.com,2024:${n}`, `urn:uuid:${n}`][Math.floor(poll / 3) % 3] ?? '',
    url: `https://example.com${slug(n)}`,
  }),
  'guids new on every poll': (n, poll) => ({ guid: `${poll}/${n}`, url: `https://example.com${slug(n)}` }),
  'guids and tokens new on every poll': (n, poll) => ({
    guid: `${poll}/${n}`,
    url: `https://example.com${slug(n)}?token=${poll}-${n}`,
  }),
  'guids new on every poll, no links': (n, poll) => ({ guid: `${poll}/${n}` }),
  'tokens in links, steady guids': (n, poll) => ({ guid: `g${n}`, url: `https://example.com/read?id=${n}&s=${poll}` }),
  'guids that are places': (n, _poll, place) => ({ guid: `${place + 1}`, url: `https://example.com${slug(n)}` }),
  'one guid for all': (n) => ({ guid: 'latest', url: `https://example.com${slug(n)}` }),
  'a parameter chooses the article': (n) => ({ guid: `g${n}`, url: `https://example.com/article.php?id=${n}` }),
};

/** Polls after which a feed that changes its policy does. */
const TURN = 3;

/** How a feed goes on from poll to poll: how many articles come in, which are updated, how many it lists. */
const steps = fc.array(
  fc.record({
    added: fc.nat(3),
    updated: fc.array(fc.nat(7), { maxLength: 2 }),
    listed: fc.integer({ min: 1, max: 8 }),
  }),
  { minLength: 3, maxLength: 9 },
);
type History = typeof steps extends fc.Arbitrary<infer T> ? T : never;

const sight = (entry: Partial<Entry>) => JSON.stringify([entry.title, entry.summary]);

/** Which true articles each stored one has been: its words now and before. */
async function storedArticles(sql: Sql): Promise<string[][]> {
  const { rows } = await sql.query<{ said: string[] }>(
    `select array(
       select distinct substring(summary from 'said number (\\d+)') from (
         select article.summary union select summary from article_revisions where article_id = article.id
       ) words
     ) as said from articles article`,
  );
  return rows.map(({ said }) => said);
}

async function trustIn(sql: Sql): Promise<string | undefined> {
  return (await sql.query<{ guid_trust: string }>('select guid_trust from feeds')).rows[0]?.guid_trust;
}

/**
 * Plays a history; `policy` says how the feed names its articles. What is stored in the end must be what was shown, and the
 * last document, stored again, writes nothing. `turn`: after so many polls the policy becomes another.
 */
async function play(history: History, policy: Policy, turn = Number.POSITIVE_INFINITY): Promise<void> {
  const { sql } = opened;
  await forgetArticles(sql);
  const feed: CarryingFeed = await addFeed(sql, 'https://example.com/a.rss', ['all']);
  const revisions: number[] = [0];
  const shown = new Set<number>();
  for (const [poll, { added, updated, listed }] of history.entries()) {
    for (let more = 0; more < added; more += 1) revisions.push(0);
    const listedNow = revisions.map((_, n) => n).slice(-listed);
    for (const place of updated) {
      const n = listedNow[place];
      // Where guids and links turn, words that change as well leave nothing by which to know an article.
      if (n !== undefined && poll < turn) revisions[n] = (revisions[n] ?? 0) + 1;
    }
    const document = listedNow
      .reverse()
      .map((n, place) => entryOf({ ...wordsOf(n, revisions[n] ?? 0), ...policy(n, poll, place) }));
    for (const n of listedNow) shown.add(n);
    assert.equal(new Set(document.map(sight)).size, document.length);
    const trusted = await trustIn(sql);
    await saveArticles(sql, feed, document, later(poll * 70));
    if (poll < history.length - 1) continue;
    // Where trust came back with it, its guids become keys the next time.
    if (trusted !== (await trustIn(sql))) await saveArticles(sql, feed, document, later(poll * 70));
    const rows = await rowsOnDisk(sql);
    const again = await saveArticles(sql, feed, document, later(poll * 70));
    assert.deepEqual([again.inserted, again.updated], [0, 0]);
    assert.deepEqual(await rowsOnDisk(sql), rows);
  }
  const stored = await storedArticles(sql);
  assert.deepEqual(stored.map((said) => said.join('+')).sort(), [...shown].map(String).sort());
}

for (const [name, policy] of Object.entries(POLICIES)) {
  it(`any history of a feed with ${name} leaves each true article once, and none in another`, async () => {
    const property = fc.asyncProperty(steps, (history) => play(history, policy));
    await fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
  });
}

it('so does any history of a feed that goes from one of these to another, and again', async () => {
  const turns = fc.array(fc.constantFrom(...Object.keys(POLICIES)), { minLength: 3, maxLength: 3 });
  const property = fc.asyncProperty(steps, turns, (history, names) => {
    const policy: Policy = (n, poll, place) => POLICIES[names[Math.floor(poll / TURN)] ?? '']?.(n, poll, place) ?? {};
    return play(history, policy, TURN);
  });
  await fc.assert(property, { numRuns: 5 * RUNS, includeErrorInReport: true });
});
