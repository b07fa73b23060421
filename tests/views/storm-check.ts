import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { readCategoryTotals, readCounts } from '../../src/views/counts.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import type { TestArticle } from '../ranking/counts.ts';
import { type Cells, cellOf } from './storm-model.ts';

const ARCHIVE_SECONDS = 60;

/** Waits until everything is archived, or nothing more comes; gives the reads that PostgreSQL has. */
export async function awaitArchive(sql: Sql, redis: RedisClient, reads: number): Promise<number> {
  const until = performance.now() + ARCHIVE_SECONDS * 1000;
  for (;;) {
    const { rows } = await sql.query<{ reads: number }>('select coalesce(sum(reads), 0) as reads from read_counts');
    const archived = rows[0]?.reads ?? 0;
    const keys = ALL_SHARDS.map((shard) => keysOf(shard));
    const left = await sumOf(
      keys,
      async ({ delta, archiving }) => (await redis.hlen(delta)) + (await redis.hlen(archiving)),
    );
    if ((left === 0 && archived === reads) || performance.now() > until) return archived;
    await sleep(100);
  }
}

/** What PostgreSQL has otherwise than the model, a line for each number. */
export async function compareArchive(sql: Sql, cells: Cells): Promise<string[]> {
  const { rows } = await sql.query<{ article: string; slot: Date; reads: number; box: number }>(
    'select article_id as article, slot, sum(reads) as reads, sum(box_reads) as box from read_counts group by 1, 2',
  );
  const archived = new Map(rows.map((row) => [cellOf(row.article, row.slot), row]));
  return [...new Set([...cells.keys(), ...archived.keys()])].flatMap((cell) => {
    const [reads = 0, box = 0] = [archived.get(cell)?.reads, archived.get(cell)?.box];
    const expected = cells.get(cell) ?? { reads: 0, boxReads: 0 };
    if (reads === expected.reads && box === expected.boxReads) return [];
    return [
      `PostgreSQL has ${reads} reads (${box} by our box) in ${cell}, not ${expected.reads} (${expected.boxReads})`,
    ];
  });
}

/** What Redis has otherwise than the model: windows of each article, totals of each category. */
export async function compareCounts(
  redis: RedisClient,
  articles: readonly TestArticle[],
  cells: Cells,
): Promise<string[]> {
  const reads = new Map<string, number>();
  for (const [cell, { reads: count }] of cells) {
    const [article = ''] = cell.split(' ');
    reads.set(article, (reads.get(article) ?? 0) + count);
  }
  const differences: string[] = [];
  const totals = new Map<string, number>();
  for (const { id, categories } of articles) {
    const expected = reads.get(id) ?? 0;
    const counts = await readCounts(redis, id, categories);
    for (const window of ['24h', '7d', '30d'] as const) {
      if (counts[window] !== expected)
        differences.push(`Redis has ${counts[window]} reads of ${id} in ${window}, not ${expected}`);
    }
    for (const category of categories) totals.set(category, (totals.get(category) ?? 0) + expected);
  }
  const counted = await readCategoryTotals(redis);
  for (const [category, expected] of totals) {
    const found = counted.get(category as never) ?? 0;
    if (found !== expected) differences.push(`Redis has ${found} reads in ${category}, not ${expected}`);
  }
  return differences;
}

/** The sum of the values of all. */
export async function sumOf<T>(all: readonly T[], value: (one: T) => Promise<number>): Promise<number> {
  return (await Promise.all(all.map(value))).reduce((sum, one) => sum + one, 0);
}
