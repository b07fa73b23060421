import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { after, before, beforeEach, test } from 'node:test';
import { dropFingerprints, matchArticles } from '../../../src/articles/copies/match-articles.ts';
import { mergeArticle } from '../../../src/articles/copies/merge.ts';
import { splitArticle } from '../../../src/articles/copies/split.ts';
import { DAY } from '../../../src/clock.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { CodedError } from '../../../src/errors.ts';
import type { ArticleId } from '../../../src/ids.ts';
import { openTestSql, skipWithoutPostgres } from '../../support/engines.ts';
import { addFeed, countOf, forgetArticles, later, NOW } from '../entries.ts';
import { originals, reword, store, takeCountChanges } from './stored.ts';

const RATES = 'Central bank holds rates, sees slower growth next year';
const FERRY = 'Ferry with two hundred aboard capsizes in storm off Palawan';
const unknown = '000000000000' as ArticleId;

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await forgetArticles(sql);
  await sql.script('delete from count_changes');
});

const match = (now = NOW) => matchArticles(sql, now);

test('copies of one text in several feeds point to the one that was there first, and only once', async () => {
  const feeds = await Promise.all(['a', 'b', 'c'].map((name) => addFeed(sql, `https://${name}.example/feed`)));
  const [a, b, c] = feeds.map((feed) => [feed]);
  const first = await store(sql, { title: RATES, feeds: a ?? [] });
  assert.deepEqual(await match(), { matched: 1, copies: 0 });
  assert.deepEqual(await takeCountChanges(sql), []);
  const second = await store(sql, { title: `UPDATE 2-${RATES} - Reuters`, feeds: b ?? [], age: 20 });
  const third = await store(sql, { title: `${RATES}, economists say`, feeds: c ?? [], age: 90 });
  const other = await store(sql, { title: FERRY, feeds: c ?? [] });
  assert.deepEqual(await match(), { matched: 3, copies: 2 });
  assert.deepEqual(await originals(sql, [first, second, third, other]), [null, first, first, null]);
  assert.deepEqual(await takeCountChanges(sql), [first, second, third].sort());
  assert.deepEqual(await match(), { matched: 0, copies: 0 }, 'run twice');
  await sql.query('update articles set matched_at = null');
  await match();
  assert.deepEqual(await originals(sql, [first, second, third, other]), [null, first, first, null], 'matched again');
  assert.deepEqual(await takeCountChanges(sql), []);
});

test('two languages at once, and no copies across', async () => {
  const ids = [
    await store(sql, { title: '日銀、政策金利を0.75％に引き上げ　植田総裁が会見' }),
    await store(sql, { title: '日銀、政策金利を0.75%に引き上げ 植田総裁が会見（共同通信）', age: 30 }),
    await store(sql, { title: RATES }),
    await store(sql, { title: `BREAKING: ${RATES}`, age: 30 }),
  ];
  assert.equal((await match()).copies, 2);
  assert.deepEqual(await originals(sql, ids), [null, ids[0], null, ids[2]]);
});

test('entries of one feed are never copies, nor is what shares a feed with a copy of the original', async () => {
  const [a, b] = [await addFeed(sql, 'https://a.example/feed'), await addFeed(sql, 'https://b.example/feed')];
  const first = await store(sql, { title: RATES, feeds: [a] });
  const again = await store(sql, { title: `${RATES} (UPDATE 1)`, feeds: [a], age: 40 });
  await match();
  assert.deepEqual(await originals(sql, [first, again]), [null, null]);
  const both = await store(sql, { title: FERRY, feeds: [a, b] });
  const one = await store(sql, { title: `${FERRY}, sources say`, feeds: [b], age: 30 });
  await match();
  assert.deepEqual(await originals(sql, [both, one]), [null, null], 'any feed in common');
});

test('a title whose cut would split a character is matched, and keeps no other from it', async () => {
  const title = `${`${FERRY}, `.repeat(6).slice(0, 299)}😀`;
  const ids = [await store(sql, { title }), await store(sql, { title, age: 30 }), await store(sql, { title: RATES })];
  assert.deepEqual(await match(), { matched: 3, copies: 1 });
  assert.deepEqual(await originals(sql, ids), [null, ids[0], null]);
});

test('a feed that uses one title again and again: the title alone makes no copy', async () => {
  const [a, b] = [await addFeed(sql, 'https://a.example/feed'), await addFeed(sql, 'https://b.example/feed')];
  const title = 'Regional weather outlook for farmers and growers';
  const ids = [
    await store(sql, { title, feeds: [a], age: 3000 }),
    await store(sql, { title, feeds: [a], age: 1500 }),
    await store(sql, { title, feeds: [b], age: 1400 }),
  ];
  await match();
  assert.deepEqual(await originals(sql, ids), [null, null, null]);
});

test('a standing summary under different titles joins nothing', async () => {
  const summary =
    'All the news from Port Selby and its county, told by our local reporters around the clock, every day.';
  const ids: ArticleId[] = [];
  for (const title of [
    'Council approves tower',
    'Otters return to river',
    'School wins chess cup',
    'Ferry repairs begin',
  ]) {
    ids.push(await store(sql, { title, summary, feeds: [await addFeed(sql, `https://${ids.length}.example/feed`)] }));
  }
  await match();
  assert.deepEqual(await originals(sql, ids), [null, null, null, null]);
});

test('of hundreds that have a summary in common the very title is found, and what is nearest in time', async () => {
  const summary =
    'Read all about it in the Port Selby Courier, the paper of the county, every day, for a hundred years now.';
  const words = [
    'harbour',
    'orchard',
    'glacier',
    'library',
    'theatre',
    'railway',
    'kitchen',
    'meadow',
    'chapel',
    'quarry',
  ];
  const others = Array.from({ length: 400 }, (_, index) => {
    const [a, b, c] = [index % 10, Math.floor(index / 10) % 10, Math.floor(index / 100)].map((at) => words[at]);
    return store(sql, { title: `${index}: ${a} of the ${b} near ${c}`, summary, age: 600 + index });
  });
  await Promise.all(others);
  await match();
  const far = await store(sql, { title: RATES, summary, age: 4000 });
  const near = await store(sql, { title: `${FERRY} as rescue teams hurry`, summary, age: 70 });
  await match(later(1));
  const copies = [
    await store(sql, { title: `UPDATE 1-${RATES}`, summary, age: 61 }),
    await store(sql, { title: `${FERRY} as rescue crews hurry`, summary, age: 60 }),
  ];
  for (const [index] of copies.entries()) await match(later(2 + index));
  assert.deepEqual(await originals(sql, copies), [far, near]);
});

test('publishers at the end of a feed’s titles are learnt from its last titles', async () => {
  const [a, b] = [await addFeed(sql, 'https://a.example/feed'), await addFeed(sql, 'https://b.example/feed')];
  for (const word of ['harbour', 'orchard', 'glacier', 'library', 'theatre', 'railway', 'kitchen']) {
    await store(sql, { title: `What everyone should know about the ${word} : Selbyana`, feeds: [b], age: 200 });
  }
  await match();
  const ids = [
    await store(sql, { title: 'Otters return to the upper Corran river', feeds: [a], summary: '' }),
    await store(sql, { title: 'Otters return to the upper Corran river : Selbyana', feeds: [b], age: 30 }),
  ];
  await match();
  assert.deepEqual(await originals(sql, ids), [null, ids[0]]);
});

test('an original that becomes a copy takes its copies along, in one step', async () => {
  const old = await store(sql, { title: FERRY });
  await match();
  const root = await store(sql, { title: RATES });
  const copy = await store(sql, { title: `${RATES} - Reuters`, age: 30 });
  await match(later(1));
  assert.deepEqual(await originals(sql, [root, copy]), [null, root]);
  await takeCountChanges(sql);
  await reword(sql, root, `${FERRY} (UPDATE 1)`);
  await match(later(2));
  assert.deepEqual(await originals(sql, [old, root, copy]), [null, old, old]);
  assert.deepEqual(await takeCountChanges(sql), [old, root, copy].sort());
});

test('a copy has the story of its original, whether both are new, one is, or the original becomes a copy', async () => {
  const other = await store(sql, { title: FERRY });
  await match();
  const [old, its] = [await store(sql, { title: RATES }), await store(sql, { title: `${RATES} - Reuters`, age: 30 })];
  await match(later(1));
  const late = await store(sql, { title: `UPDATE 1-${RATES}`, age: 20 });
  await match(later(1));
  assert.deepEqual(await originals(sql, [old, its, late, other]), [null, old, old, null]);
  const stories = async () => {
    const { rows } = await sql.query<{ id: ArticleId; story_id: number }>('select id, story_id from articles');
    return new Map(rows.map((row) => [row.id, row.story_id]));
  };
  const first = await stories();
  assert.notEqual(first.get(old), null);
  assert.deepEqual(
    [its, late].map((id) => first.get(id)),
    [first.get(old), first.get(old)],
  );
  assert.notEqual(first.get(other), first.get(old));
  await reword(sql, old, `${FERRY} (UPDATE 1)`);
  await match(later(2));
  assert.deepEqual(await originals(sql, [old, its, late]), [other, other, other]);
  assert.deepEqual(new Set((await stories()).values()), new Set([first.get(other)]));
});

test('who was matched first stays the original when an earlier publication arrives', async () => {
  const known = await store(sql, { title: RATES, age: 10 });
  await match();
  const earlier = await store(sql, { title: `${RATES} - Reuters`, age: 500 });
  await match(later(1));
  assert.deepEqual(await originals(sql, [known, earlier]), [null, known]);
});

test('a copy stays one through updates, until its words are quite others', async () => {
  const first = await store(sql, { title: RATES });
  const copy = await store(sql, { title: `${RATES} - Reuters`, age: 30 });
  await match();
  await reword(sql, copy, 'Central bank holds rates as three governors dissent');
  await match();
  assert.deepEqual(await originals(sql, [copy]), [first]);
  await takeCountChanges(sql);
  await reword(sql, copy, FERRY);
  await match();
  assert.deepEqual(await originals(sql, [copy]), [null]);
  assert.deepEqual(await takeCountChanges(sql), [first, copy].sort());
});

test('a split copy stands for itself, also after it was matched again', async () => {
  const ids = [
    await store(sql, { title: RATES }),
    await store(sql, { title: `${RATES} - Reuters`, age: 30 }),
    await store(sql, { title: `${RATES} (Video)`, age: 20 }),
  ] as [ArticleId, ArticleId, ArticleId];
  await match();
  await takeCountChanges(sql);
  assert.deepEqual((await splitArticle(sql, ids[1], NOW)).from, [ids[0], ids[2]]);
  assert.deepEqual(await originals(sql, ids), [null, null, ids[0]]);
  assert.deepEqual(await takeCountChanges(sql), [...ids].sort());
  await match();
  await reword(sql, ids[1], `UPDATE 3-${RATES}`);
  await match();
  assert.deepEqual(await originals(sql, ids), [null, null, ids[0]]);
  await assert.rejects(splitArticle(sql, ids[1], NOW), { code: 'article-alone' });
  await mergeArticle(sql, ids[1], ids[2], NOW);
  assert.deepEqual(await originals(sql, ids), [null, ids[0], ids[0]], 'and is joined again when asked');
});

test('an original that is split leaves its copies to the oldest', async () => {
  const ids = [
    await store(sql, { title: RATES, age: 40 }),
    await store(sql, { title: `${RATES} - Reuters`, age: 20 }),
    await store(sql, { title: `${RATES} (Video)`, age: 30 }),
  ] as [ArticleId, ArticleId, ArticleId];
  await sql.query('update articles set original_id = $1 where id <> $1', [ids[0]]);
  await splitArticle(sql, ids[0], NOW);
  assert.deepEqual(await originals(sql, ids), [null, ids[2], null]);
  await match();
  assert.deepEqual(await originals(sql, ids), [null, ids[2], null]);
});

test('a merge takes the copies along, stays through updates, and changes nothing the second time', async () => {
  const [into, own] = [await store(sql, { title: FERRY }), await store(sql, { title: RATES })];
  const copy = await store(sql, { title: `${RATES} - Reuters`, age: 30 });
  await match();
  await takeCountChanges(sql);
  assert.deepEqual(await mergeArticle(sql, own, into, NOW), { original: into, copies: [copy, own].sort(byAge) });
  assert.deepEqual(await originals(sql, [into, own, copy]), [null, into, into]);
  assert.deepEqual(await takeCountChanges(sql), [into, own, copy].sort());
  assert.deepEqual(await mergeArticle(sql, own, into, NOW), { original: into, copies: [] });
  assert.deepEqual(await takeCountChanges(sql), []);
  await reword(sql, own, 'Parliament passes budget after a night of debate');
  await match();
  assert.deepEqual(await originals(sql, [own, copy]), [into, into]);
  await assert.rejects(mergeArticle(sql, own, own, NOW), { code: 'usage-invalid' });
  for (const [id, other] of [
    [unknown, into],
    [into, unknown],
  ] as const) {
    await assert.rejects(mergeArticle(sql, id, other, NOW), (error) => {
      return error instanceof CodedError && error.code === 'article-unknown' && error.message.includes(unknown);
    });
  }
});

const byAge = (one: ArticleId, other: ArticleId) => (one < other ? -1 : 1);

test('old articles wait for nothing, and their fingerprints go', async () => {
  await store(sql, { title: RATES, age: 9 * 24 * 60 });
  await store(sql, { title: FERRY });
  assert.equal((await match()).matched, 2);
  assert.equal(await countOf(sql, 'fingerprints'), 1);
  assert.equal(await dropFingerprints(sql, NOW, 10), 0);
  assert.equal(await dropFingerprints(sql, new Date(NOW.getTime() + 8 * DAY), 10), 1);
});

test('fingerprints that a crash of the server took are made anew', async () => {
  const feed = await addFeed(sql, 'https://a.example/feed');
  const ids = [await store(sql, { title: `${RATES} - Reuters`, feeds: [feed] })];
  await store(sql, { title: FERRY, age: 8 * 24 * 60 });
  await match();
  const read = async () => (await sql.query('select title, published_at, keys from fingerprints')).rows;
  const before = await read();
  await sql.script('truncate fingerprints');
  ids.push(await store(sql, { title: RATES, age: 20 }));
  assert.deepEqual(await match(), { matched: 1, copies: 1 });
  assert.deepEqual(await originals(sql, ids), [null, ids[0]]);
  assert.deepEqual((await read()).slice(0, 1), before);
});

test('feeds that store one text at the same moment, matched by several at once', {
  skip: skipWithoutPostgres,
}, async () => {
  for (const [round, place] of ['Palawan', 'northern Chile', 'Lake Victoria', 'Crete'].entries()) {
    const title = `${place}: ${['ferry sinks', 'quake kills', 'boats collide', 'fires spread'][round]} as rescue teams hurry there`;
    const storing = Array.from({ length: 6 }, async (_, index) => {
      const feed = await addFeed(sql, `https://race-${round}-${index}.example/feed`);
      const id = await store(sql, { title, feeds: [feed], age: 10 + index });
      await match();
      return id;
    });
    const ids = await Promise.all(storing);
    const roots = await originals(sql, ids);
    assert.equal(roots.filter((root) => root === null).length, 1, 'one original');
    assert.equal(new Set(ids.map((id, index) => roots[index] ?? id)).size, 1, 'of all');
  }
});

test('words that change while they are being matched are matched again', { skip: skipWithoutPostgres }, async () => {
  const id = await store(sql, { title: RATES });
  const matchOutside = AsyncResource.bind(() => match());
  let matching: Promise<unknown> | undefined;
  await sql.transaction(async (poll) => {
    await reword(poll, id, FERRY);
    // Reads the old words, and waits to write until the poll has committed.
    matching = matchOutside();
    for (let waits = false; !waits; ) {
      const { rows } = await poll.query<{ waiting: boolean }>(
        `select exists (
           select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
         ) as waiting`,
      );
      waits = rows[0]?.waiting === true;
    }
  });
  await matching;
  const titleOf = async () => (await sql.query<{ title: string }>('select title from fingerprints')).rows[0]?.title;
  await match();
  assert.equal(await titleOf(), FERRY);
  assert.deepEqual(await match(), { matched: 0, copies: 0 });
});
