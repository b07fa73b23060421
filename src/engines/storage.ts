import { mastersOf, type RedisClient } from './redis.ts';
import type { Sql } from './sql.ts';

/** What the engines hold, in bytes. */
export interface Storage {
  readonly database: number;
  /** The largest tables, indexes included, partitions together; rows as PostgreSQL estimates them. */
  readonly tables: readonly { readonly name: string; readonly bytes: number; readonly rows: number }[];
  readonly redis: number;
  /** What Redis may hold; null where it has no limit. */
  readonly redisLimit: number | null;
  /** Of the fullest server of Redis with a limit: what it holds of what it may, 0 to 1. */
  readonly redisFullest: number | null;
}

/** What Redis holds and may hold, in bytes, all masters together. */
export interface RedisMemory {
  readonly used: number;
  /** Null where a server has no limit. */
  readonly limit: number | null;
  /** Of the fullest server with a limit: what it holds of what it may, 0 to 1. */
  readonly fullest: number | null;
}

const TABLES = 6;

export async function readStorage(sql: Sql, redis: RedisClient): Promise<Storage> {
  const [database, tables, { used, limit, fullest }] = await Promise.all([
    readDatabaseSize(sql),
    sql.query<Storage['tables'][number]>(
      `select coalesce(root.relname, c.relname)::text as name, sum(pg_total_relation_size(c.oid))::float8 as bytes,
              sum(greatest(c.reltuples, 0))::float8 as rows
         from pg_class c left join pg_class root on root.oid = pg_partition_root(c.oid)
        where c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace
        group by 1 order by 2 desc limit $1`,
      [TABLES],
    ),
    readRedisMemory(redis),
  ]);
  return { database, tables: tables.rows, redis: used, redisLimit: limit, redisFullest: fullest };
}

/** Bytes that the database takes on its disk. */
export async function readDatabaseSize(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes');
  return rows[0]?.bytes ?? 0;
}

export async function readRedisMemory(redis: RedisClient): Promise<RedisMemory> {
  const infos = await Promise.all(mastersOf(redis).map((master) => master.info('memory')));
  const numbers = (field: string) =>
    infos.map((info) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0));
  const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);
  const [used, limits] = [numbers('used_memory'), numbers('maxmemory')];
  const shares = limits.flatMap((limit, n) => (limit === 0 ? [] : (used[n] ?? 0) / limit));
  return {
    used: sum(used),
    limit: limits.includes(0) ? null : sum(limits),
    fullest: shares.length === 0 ? null : Math.max(...shares),
  };
}
