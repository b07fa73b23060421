import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { noteCountChanges } from '../../src/articles/count-changes.ts';
import { MINUTE } from '../../src/clock.ts';
import { type ArticleId, type CategorySlug, shardOf } from '../../src/ids.ts';
import { takeChanges } from '../../src/ranking/changes.ts';
import { archiveCounts } from '../../src/views/archive.ts';
import { holdArchives } from '../../src/views/archive-lock.ts';
import { auditCounts } from '../../src/views/audit.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { countPending } from '../../src/views/pending.ts';
import { type Read, recordReads } from '../../src/views/record.ts';
import { makeScores, recountChanges } from '../../src/views/recount.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { revokeViews, undoRevocation } from '../../src/views/revoke.ts';
import { rollWindows } from '../../src/views/roll.ts';
import { openTestRedis, openTestSql } from '../support/engines.ts';
import { type Cut, CutOff, cutEngines } from './cut.ts';
import {
  ARTICLES,
  CATEGORIES,
  type CountEngines,
  FIRST,
  HOME,
  link,
  pairsOf,
  remove,
  reset,
  START,
  tick,
} from './following.ts';

const both: CountEngines[] = [];
const closers: (() => Promise<void>)[] = [];

before(async () => {
  for (let i = 0; i < 2; i++) {
    const [{ sql, close }, { redis, close: closeRedis }] = await Promise.all([openTestSql(), openTestRedis()]);
    both.push({ sql, redis });
    closers.push(close, closeRedis);
  }
});

after(async () => {
  for (const close of closers) await close();
});

/** What an address may give at least of an article (damping). */
const WEIGHED = 2;

const one = fc.constantFrom(...ARTICLES);
const cut = fc.option(fc.record({ step: fc.nat(40), when: fc.constantFrom('before', 'after') }), { nil: undefined });
const view = fc.record({
  article: fc.oneof({ weight: 2, arbitrary: fc.constant(FIRST) }, one),
  minutesAgo: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(90), fc.nat(47 * 60)),
  isBox: fc.boolean(),
  visitor: fc.nat(400),
  /** The collector does not know yet in which categories the article is now. */
  isStale: fc.constantFrom(false, false, false, true),
  channel: fc.constantFrom(undefined, undefined, 'pixel' as const),
  origin: fc.constantFrom(undefined, undefined, 'aaaaaaaabbbbbbbb', 'ccccccccbbbbbbbb'),
});
const STEPS = {
  views: [10, { views: fc.array(view, { minLength: 1, maxLength: 30 }) }],
  wait: [4, { minutes: fc.constantFrom(0.01, 0.5, 1, 4, 29, 61, 300, 803, 1450, -3, -31) }],
  roll: [2, { cut }],
  archive: [2, { cut }],
  recount: [2, { cut }],
  file: [2, { one, categories: fc.subarray(CATEGORIES) }],
  merge: [1, { one, other: one }],
  remove: [1, { one }],
  halfLife: [1, { category: fc.constantFrom(...CATEGORIES), hours: fc.constantFrom(6 as const, 24 as const) }],
  revoke: [1, { of: fc.constantFrom('pixel' as const, 'crowded' as const, 'box' as const, undefined) }],
  undo: [1, {}],
  lose: [1, { cut }],
  take: [2, {}],
  audit: [1, {}],
} as const;
type Kind = keyof typeof STEPS;
type Fields<K extends Kind> = {
  readonly [F in keyof (typeof STEPS)[K][1]]: (typeof STEPS)[K][1][F] extends fc.Arbitrary<infer V> ? V : never;
};
type Step = { readonly kind: Kind; readonly of: unknown };

const step = fc.oneof(
  ...Object.entries(STEPS).map(([kind, [weight, fields]]) => ({
    weight,
    arbitrary: fc.record({
      kind: fc.constant(kind as Kind),
      of: fc.record(fields as Record<string, fc.Arbitrary<unknown>>),
    }),
  })),
);

test('whenever pending reads are counted, all comes out as if each had been counted at once', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    const [late, atOnce] = both as [CountEngines, CountEngines];
    assert.deepEqual(await live(late, steps, false), await live(atOnce, steps, true));
  });
  await fc.assert(property, { includeErrorInReport: true, numRuns: Number(process.env['EXACTNESS_RUNS'] ?? 5) });
});

interface Life extends CountEngines {
  now: Date;
  readonly isAtOnce: boolean;
  readonly filed: Map<ArticleId, readonly CategorySlug[]>;
  readonly filedBefore: Map<ArticleId, readonly CategorySlug[]>;
  readonly revocations: number[];
  readonly answers: unknown[];
}

/** Lives through the steps; gives what was answered and what stands in the end. */
async function live(engines: CountEngines, steps: readonly Step[], isAtOnce: boolean): Promise<unknown> {
  await reset(engines);
  await engines.sql.script('truncate revocations, revoked_counts cascade');
  const filed = () => new Map(ARTICLES.map((id) => [id, HOME]));
  const life: Life = {
    ...{ ...engines, now: START, isAtOnce, filed: filed(), filedBefore: filed(), revocations: [], answers: [] },
  };
  for (const { kind, of } of steps) await (TAKE[kind] as (life: Life, of: unknown) => Promise<unknown>)(life, of);
  for (let i = 0; i < 3; i++) {
    await tick(engines, life.now);
    life.now = new Date(life.now.getTime() + 2 * MINUTE);
  }
  await rollWindows(life.redis, life.now);
  const audit = await auditCounts(life.sql, life.redis, 'look', life.now);
  // In an order of all rows: two revocations may have taken of the same slot.
  const archived = [
    'select grain, slot, article_id, class, reads, box_reads from read_counts order by 1, 2, 3, 4',
    `select dense_rank() over (order by revocation_id) as revocation, grain, slot, article_id, class, reads, box_reads
     from revoked_counts order by 1, 2, 3, 4, 5`,
  ].map((text) => life.sql.query(text));
  const rows = (await Promise.all(archived)).map((reply) => reply.rows);
  return { answers: life.answers, wrong: [...audit.wrong].sort(), rows, counts: await readAll(life) };
}

const TAKE: { readonly [K in Kind]: (life: Life, of: Fields<K>) => Promise<unknown> } = {
  async views(life, { views }) {
    for (const shard of ALL_SHARDS) {
      const reads = views.filter(({ article }) => shardOf(article) === shard).map((view) => readOf(life, view));
      if (reads.length === 0) continue;
      life.answers.push(await recordReads(life.redis, shard, life.now, reads, WEIGHED));
      if (life.isAtOnce) await countPending(life.redis, [shard]);
    }
  },
  async wait(life, { minutes }) {
    life.now = new Date(life.now.getTime() + minutes * MINUTE);
  },
  roll: (life, { cut }) => interrupted(life, cut, ({ redis }) => rollWindows(redis, life.now)),
  archive: (life, { cut }) => interrupted(life, cut, ({ sql, redis }) => archiveCounts(sql, redis, life.now)),
  recount: (life, { cut }) => interrupted(life, cut, ({ sql, redis }) => recountChanges(sql, redis, life.now)),
  async file({ sql, now, filed, filedBefore }, { one, categories }) {
    const { count } = await sql.query('select from articles where id = $1', [one]);
    if (count === 0) return;
    filedBefore.set(one, filed.get(one) ?? []);
    filed.set(one, categories);
    await sql.query('delete from article_categories where article_id = $1', [one]);
    await sql.query('insert into article_categories select $1, unnest($2::text[])', [one, categories]);
    await noteCountChanges(sql, [one], now);
  },
  async merge({ sql, now }, { one, other }) {
    const { count } = await sql.query(
      `select from articles where id in ($1, $2) and original_id is null
       and not exists (select from articles where original_id = $1)`,
      [one, other],
    );
    if (count !== 2) return;
    await link(sql, one, other);
    await noteCountChanges(sql, [one, other], now);
  },
  remove: ({ sql, now }, { one }) => remove(sql, [one], now),
  /** As half-lives.ts does it. */
  async halfLife({ sql, redis, now }, { category, hours }) {
    const mark = (kept: string) =>
      Promise.all(ALL_SHARDS.map((shard) => redis.hset(keysOf(shard).marks, `H:${category}`, kept)));
    await mark(`,${hours}`);
    await archiveCounts(sql, redis, now);
    await sql.transaction(async (tx) => {
      await holdArchives(tx);
      await makeScores(tx, redis, ARTICLES, hours, now);
    });
    await mark(`${hours}`);
    await Promise.all(ALL_SHARDS.map((shard) => redis.del(keysOf(shard).popular(category, hours === 6 ? 24 : 6))));
  },
  async revoke({ sql, now, revocations }, { of }) {
    const rule = { class: of, from: new Date(now.getTime() - 40 * MINUTE), to: now, article: undefined };
    const { id } = await revokeViews(sql, rule, 'UTC', now, { by: 'somebody', reason: 'a robot' });
    if (id !== undefined) revocations.push(id);
  },
  async undo({ sql, now, revocations }) {
    const id = revocations.pop();
    if (id !== undefined) await undoRevocation(sql, id, 'somebody', now);
  },
  async lose(life, { cut }) {
    // What is not archived is lost: the same in both.
    await archiveCounts(life.sql, life.redis, life.now);
    await life.redis.flushdb();
    await interrupted(life, cut, ({ sql, redis }) => restoreCounts(sql, redis, life.now));
    await restoreCounts(life.sql, life.redis, life.now);
  },
  async take(life) {
    // How far a roll came that died is another matter.
    await rollWindows(life.redis, life.now);
    await takeChanges(life.redis);
    // Those of a longer half-life stand, until the next recount, for an article that is gone or filed elsewhere as well.
    const counts = Object.entries(await readAll(life)).filter(([key]) => !/:pop:[^:]+:(?:6|24) /.test(key));
    life.answers.push(Object.fromEntries(counts));
  },
  audit: ({ sql, redis, now }) => auditCounts(sql, redis, 'look', now),
};

function readOf({ now, filed, filedBefore }: Life, view: Fields<'views'>['views'][number]): Read {
  const { article, minutesAgo, isBox, visitor, isStale, channel, origin } = view;
  const at = new Date(Math.floor((now.getTime() - minutesAgo * MINUTE) / 1000) * 1000);
  return {
    ...{ article, at, isBox, channel, origin, isTimeNamed: minutesAgo > 0 },
    categories: (isStale ? filedBefore : filed).get(article) ?? [],
    ...{ visitor: String(visitor + 1), visitorBefore: undefined },
  };
}

/** Runs the upkeep and lets it die at the cut. */
async function interrupted(
  { sql, redis }: CountEngines,
  cut: Cut | undefined,
  work: (engines: Pick<CountEngines, 'sql' | 'redis'>) => Promise<unknown>,
): Promise<void> {
  try {
    await work(cut === undefined ? { sql, redis } : cutEngines(redis, sql, cut));
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
  }
}

/** So that what was halved so and so often, such as 0.03125, does not lie where one rounds up and the other down. */
const ASIDE = 0.0000271;

/** All counts; scores and their sums by what they are worth now, where that is anything. */
async function readAll({ redis, now }: Life): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { tag, marks } of ALL_SHARDS.map(keysOf)) {
    const saved = await redis.hgetall(marks);
    const worth = (score: number | string, minutes: number) => {
      const value = Number(score) * 2 ** ((Number(saved[`L:${minutes}`]) - now.getTime() / 1000) / (minutes * 60));
      return (value + ASIDE).toFixed(4);
    };
    const minutesOf = (key: string) =>
      Number(/:pop:.*:(\d+)$/.exec(key)?.[1] ?? 0) * 60 || Number(/:f(\d+):/.exec(key)?.[1]);
    for (const key of await redis.keys(`${tag}:*`)) {
      if ((await redis.type(key)) !== 'zset') continue;
      for (const [member, score] of pairsOf(await redis.zrange(key, '0', '-1', 'WITHSCORES'))) {
        const minutes = minutesOf(key);
        all[`${key} ${member}`] = minutes > 0 ? worth(score, minutes) : String(score);
      }
    }
    for (const [field, value] of Object.entries(saved)) {
      const total = /^t(15|60):/.exec(field);
      if (total !== null) all[`${tag} ${field}`] = worth(value, Number(total[1]));
      else if (/^(?:n24|from|H):/.test(field)) all[`${tag} ${field}`] = value;
    }
    for (const key of [`${tag}:delta`, `${tag}:pending`]) {
      for (const [field, value] of Object.entries(await redis.hgetall(key))) all[`${key} ${field}`] = value;
    }
  }
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => Number(value) !== 0)
      .sort(),
  );
}
