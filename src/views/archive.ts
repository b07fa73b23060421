import { randomUUID } from 'node:crypto';
import { noteCountChanges } from '../articles/count-changes.ts';
import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { joinArchives } from './archive-lock.ts';
import { ALL_SHARDS, keysOf } from './keys.ts';
import { COUNT_PENDING } from './pending.ts';
import { addCounts, type CountRow } from './read-counts.ts';
import { keepRevoked } from './revoke.ts';
import { DEFAULT_CLASS, type ViewClass } from './view-class.ts';

/**
 * Counts go from Redis to PostgreSQL exactly once. A shard's delta is set aside under a batch id; its rows and the id are
 * written in one transaction; then it is dropped. Whatever was set aside and not dropped is finished by the next run,
 * and the ledger (archive_batches) refuses a batch that was written already.
 *
 * The transaction holds the archive lock and looks once more whether its batch still lies aside. So a batch of a Redis
 * that was emptied meanwhile is either committed before a restore begins to read, or never (restore.ts).
 *
 * Collectors remember articles for a minute, or for as long as they cannot ask: reads may come under the id of a copy, or
 * of an article that is gone. The same transaction notes them in count_changes, so that a recount gives them to whom they
 * belong, however late they are (recount.ts).
 */

/** So many counts go into one transaction. */
const MAX_TRANSACTION = 50_000;
const SCAN_COUNT = 1000;

const setAsideScript = readScript(...COUNT_PENDING, new URL('./set-aside.lua', import.meta.url));
const dropScript = readScript(new URL('./drop.lua', import.meta.url));

interface Batch {
  readonly shard: number;
  readonly id: string;
  readonly rows: ReadonlyMap<string, Row>;
}

type Row = { -readonly [Key in keyof CountRow]: CountRow[Key] };

/**
 * Writes what was counted until now to PostgreSQL; gives the number of rows. Safe to run by several at once and to be cut
 * off anywhere.
 */
export async function archiveCounts(sql: Sql, redis: RedisClient, now: Date): Promise<number> {
  const unfinished = await archiveOnce(sql, redis, ALL_SHARDS, now);
  const rest = await archiveOnce(sql, redis, unfinished.shards, now);
  return unfinished.rows + rest.rows;
}

/** One batch of each shard. Names the shards where that was an earlier, unfinished one, so that more lies behind it. */
async function archiveOnce(
  sql: Sql,
  redis: RedisClient,
  shards: readonly number[],
  now: Date,
): Promise<{ readonly rows: number; readonly shards: number[] }> {
  const aside = await Promise.all(shards.map((shard) => setAside(redis, shard)));
  let written = 0;
  let group: Batch[] = [];
  let size = 0;
  const write = async () => {
    written += await writeBatches(sql, redis, group, now);
    for (const { shard, id } of group) await runScript(redis, dropScript, keysOf(shard).scripted, [id]);
    group = [];
    size = 0;
  };
  for (const { shard, id } of aside) {
    if (id === undefined) continue;
    const rows = await readAside(redis, shard, id);
    group.push({ shard, id, rows });
    size += rows.size;
    if (size >= MAX_TRANSACTION) await write();
  }
  if (group.length > 0) await write();
  return { rows: written, shards: aside.filter(({ isOld }) => isOld).map(({ shard }) => shard) };
}

/** Forgets the ids of batches archived before `before`: days later nothing can find such a batch again. */
export async function removeOldBatches(sql: Sql, before: Date): Promise<number> {
  const { count } = await sql.query('delete from archive_batches where archived_at < $1', [before]);
  return count;
}

interface Aside {
  readonly shard: number;
  readonly id: string | undefined;
  /** Another run set it aside, and it may have died since. */
  readonly isOld: boolean;
}

async function setAside(redis: RedisClient, shard: number): Promise<Aside> {
  const mine = randomUUID();
  const reply = await runScript(redis, setAsideScript, keysOf(shard).scripted, [mine]);
  const id = typeof reply === 'string' ? reply : undefined;
  return { shard, id, isOld: id !== undefined && id !== mine };
}

/**
 * The counts that lie aside. Scanned, because hours of reads may have gathered while PostgreSQL was away. What lies aside
 * never changes, so a field that the scan shows twice has the same value; should another archiver finish this batch and
 * set the next one aside meanwhile, the mixture is refused by the ledger.
 */
async function readAside(redis: RedisClient, shard: number, id: string): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  const rowOf = (key: string): Row => {
    const row = rows.get(key) ?? { ...readField(key), reads: 0, boxReads: 0 };
    rows.set(key, row);
    return row;
  };
  const take = (field: string, value: number): void => {
    if (field === 'id') return;
    if (field.startsWith('b:')) rowOf(field.slice(2)).boxReads = value;
    else rowOf(field).reads = value;
  };
  const { archiving } = keysOf(shard);
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, fields] = await redis.hscan(archiving, cursor, 'COUNT', SCAN_COUNT);
    for (let i = 0; i < fields.length; i += 2) {
      const field = fields[i] ?? '';
      seen.add(field);
      take(field, Number(fields[i + 1]));
    }
    cursor = next;
  } while (cursor !== '0');
  // One node's cursor means nothing to the node that takes over from it. Unless it is another batch that is larger.
  if (seen.size < (await redis.hlen(archiving)) && (await redis.hget(archiving, 'id')) === id) {
    throw new Error('The counts moved while they were read; once more.');
  }
  return rows;
}

/** `<slot>:<article>`, and behind it `:<class>` where it is not the usual one. */
function readField(field: string): Pick<Row, 'slot' | 'article' | 'class'> {
  const [slot, article = '', viewClass = DEFAULT_CLASS] = field.split(':');
  return { slot: Number(slot), article, class: viewClass as ViewClass };
}

async function writeBatches(sql: Sql, redis: RedisClient, batches: readonly Batch[], now: Date): Promise<number> {
  return await sql.transaction(async (tx) => {
    await joinArchives(tx);
    const present = await Promise.all(
      batches.map(async ({ shard, id }) => (await redis.hget(keysOf(shard).archiving, 'id')) === id),
    );
    const ids = batches.filter((_, i) => present[i]).map(({ id }) => id);
    const { rows: fresh } = await tx.query<{ id: string }>(
      `insert into archive_batches (id, archived_at)
       select id, $2 from unnest($1::text[]) as id order by id
       on conflict do nothing returning id`,
      [ids, now],
    );
    const written = new Set(fresh.map(({ id }) => id));
    const rows = batches.filter(({ id }) => written.has(id)).flatMap((batch) => [...batch.rows.values()]);
    await addCounts(tx, rows);
    const revoked = await keepRevoked(tx, rows);
    const strays = await findStrays(tx, new Set(rows.map(({ article }) => article)));
    await noteCountChanges(tx, [...revoked, ...strays], now);
    return rows.length;
  });
}

/** The articles of these that are copies or gone. */
export async function findStrays(sql: Sql, articles: ReadonlySet<string>): Promise<readonly ArticleId[]> {
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select counted as id from unnest($1::text[]) counted left join articles on articles.id = counted
     where articles.id is null or articles.original_id is not null`,
    [[...articles]],
  );
  return rows.map(({ id }) => id);
}
