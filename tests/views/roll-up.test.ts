import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DAY, HOUR, MINUTE } from '../../src/clock.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { joinArchives } from '../../src/views/archive-lock.ts';
import { dropOldReads, keepPartitions } from '../../src/views/partitions.ts';
import { addCounts } from '../../src/views/read-counts.ts';
import { rollUpCounts } from '../../src/views/roll-up.ts';
import type { ViewClass } from '../../src/views/view-class.ts';
import { openTestSql } from '../support/engines.ts';
import { CutOff, cutEngines } from './cut.ts';

const NOW = new Date('2026-03-20T10:07:00Z');
const ARTICLE = 't0000000000a';

let sql: Sql;
let close: () => Promise<void>;
before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());
beforeEach(async () => {
  await sql.script('truncate read_counts, revoked_counts, revocations');
});

const ago = (ms: number) => new Date(NOW.getTime() - ms);

/** Reads at equal steps in the span before NOW. */
async function addReads(span: number, step = 10 * MINUTE, viewClass: ViewClass = 'beacon'): Promise<number> {
  const slots = Array.from({ length: span / step }, (_, i) => ago(i * step));
  const rows = slots.map((at) => ({
    ...{ slot: Math.floor(at.getTime() / 300_000), article: ARTICLE, class: viewClass, reads: 1, boxReads: 0 },
  }));
  await sql.transaction(async (tx) => {
    await joinArchives(tx);
    await addCounts(tx, rows);
  });
  return rows.length;
}

interface Held {
  readonly grain: string;
  readonly first: Date;
  readonly last: Date;
  readonly rows: number;
  readonly reads: number;
}

async function held(): Promise<Record<string, Held>> {
  const { rows } = await sql.query<Held>(
    `select grain, min(slot) as first, max(slot) as last, count(*) as rows, sum(reads)::int as reads
     from read_counts group by 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.grain, row]));
}

const total = async () => Object.values(await held()).reduce((sum, { reads }) => sum + reads, 0);

async function partitions(): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    `select c.relname as name from pg_inherits join pg_class c on c.oid = inhrelid
     where c.relname ~ '^read_counts_[a-z]+_[0-9]+$' and c.relkind = 'r' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('slots become hours after two days, hours days of the site after 35, and no read is lost', async () => {
  const reads = (await addReads(40 * DAY, 6 * HOUR)) + (await addReads(40 * DAY, 6 * HOUR, 'pixel'));
  await rollUpCounts(sql, 'Asia/Tokyo', NOW);
  const { slot, hour, day } = await held();
  assert.equal(slot?.first.toISOString(), '2026-03-18T10:05:00.000Z');
  assert.equal(hour?.last.toISOString(), '2026-03-18T04:00:00.000Z');
  assert.equal(hour?.first.toISOString(), '2026-02-12T16:00:00.000Z', 'after midnight in Tokyo, 35 days ago');
  assert.equal(day?.last.toISOString(), '2026-02-11T15:00:00.000Z');
  assert.equal(day?.rows, 2 * 4, 'a row for each class');
  assert.equal(await total(), reads);
  assert.equal(await rollUpCounts(sql, 'Asia/Tokyo', NOW), 0, 'run twice');
  assert.equal(await total(), reads);
});

test('where midnight lies in the middle of an hour, days are whole all the same', async () => {
  await addReads(4 * DAY);
  await rollUpCounts(sql, 'Asia/Kolkata', NOW);
  await rollUpCounts(sql, 'Asia/Kolkata', new Date(NOW.getTime() + 40 * DAY));
  const { rows } = await sql.query<{ slot: Date; reads: number }>(
    "select slot, reads from read_counts where grain = 'day' order by slot offset 1 limit 2",
  );
  assert.deepEqual(rows, [
    { slot: new Date('2026-03-16T18:30:00Z'), reads: 144 },
    { slot: new Date('2026-03-17T18:30:00Z'), reads: 144 },
  ]);
});

test('a run that dies anywhere loses and doubles nothing, and the next goes on', async () => {
  const reads = await addReads(3 * DAY);
  for (let step = 0, isDone = false; !isDone; step += 3) {
    const dying = cutEngines({}, sql, { step, when: step % 2 === 0 ? 'after' : 'before' });
    isDone = await rollUpCounts(dying.sql, 'UTC', NOW).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof CutOff);
        return false;
      },
    );
    assert.equal(await total(), reads, `cut at ${step}`);
    if (step > 60) await rollUpCounts(sql, 'UTC', NOW, 5);
  }
  assert.equal((await held())['slot']?.rows, 289);
});

test('what comes late is added to its hour and its day', async () => {
  await addReads(2 * DAY);
  const later = new Date(NOW.getTime() + 3 * DAY);
  await rollUpCounts(sql, 'UTC', later);
  await addReads(2 * DAY);
  await rollUpCounts(sql, 'UTC', later);
  assert.deepEqual([(await held())['slot'], await total()], [undefined, 576]);
  await rollUpCounts(sql, 'UTC', new Date(later.getTime() + 40 * DAY));
  await addReads(2 * DAY);
  for (const _ of [1, 2]) await rollUpCounts(sql, 'UTC', new Date(later.getTime() + 40 * DAY));
  const { day, ...others } = await held();
  assert.deepEqual([day?.reads, day?.rows, others], [864, 3, {}]);
});

test('partitions are made before they are needed, take what came before them, and go when they are empty', async () => {
  await addReads(3 * DAY);
  await keepPartitions(sql, NOW);
  const ahead = ['read_counts_slots_20260320', 'read_counts_slots_20260321', 'read_counts_slots_20260322'];
  const own = (await partitions()).filter((name) => name.startsWith('read_counts_slots'));
  assert.deepEqual(own, ahead);
  const { rows } = await sql.query<{ reads: number }>(
    'select sum(reads)::int as reads from read_counts_slots_20260320',
  );
  assert.equal(rows[0]?.reads, 61, 'of ten hours and seven minutes');
  assert.equal(await total(), 432);

  const later = new Date(NOW.getTime() + 6 * DAY);
  await keepPartitions(sql, later);
  assert.ok((await partitions()).includes('read_counts_slots_20260320'), 'it holds slots still');
  await rollUpCounts(sql, 'UTC', later);
  await keepPartitions(sql, later);
  const left = (await partitions()).filter((name) => name.startsWith('read_counts_slots') && name < `${ahead[2]}~`);
  assert.deepEqual(left, []);
  assert.equal(await total(), 432);
});

test('days past their keeping time go month by month', async () => {
  await addReads(3 * DAY);
  await rollUpCounts(sql, 'UTC', new Date(NOW.getTime() + 40 * DAY));
  await dropOldReads(sql, new Date('2026-03-31T23:00:00Z'));
  assert.equal(await total(), 432);
  assert.equal(await dropOldReads(sql, new Date('2026-04-01T00:00:00Z')), 1);
  assert.equal(await total(), 0);
});

test('a bite is an hour, so that nobody waits long for the archive lock', async () => {
  await addReads(3 * DAY);
  await rollUpCounts(sql, 'UTC', NOW, 3);
  const { hour } = await held();
  assert.equal(hour?.rows, 3);
  assert.ok((hour?.last.getTime() ?? 0) - (hour?.first.getTime() ?? 0) === 2 * HOUR);
});
