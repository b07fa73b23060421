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
}

const TABLES = 6;

export async function readStorage(sql: Sql, redis: RedisClient): Promise<Storage> {
  const [database, tables, memory] = await Promise.all([
    sql.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes'),
    sql.query<Storage['tables'][number]>(
      `select coalesce(root.relname, c.relname)::text as name, sum(pg_total_relation_size(c.oid))::float8 as bytes,
              sum(greatest(c.reltuples, 0))::float8 as rows
         from pg_class c left join pg_class root on root.oid = pg_partition_root(c.oid)
        where c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace
        group by 1 order by 2 desc limit $1`,
      [TABLES],
    ),
    readMemory(redis),
  ]);
  return { database: database.rows[0]?.bytes ?? 0, tables: tables.rows, ...memory };
}

async function readMemory(redis: RedisClient): Promise<Pick<Storage, 'redis' | 'redisLimit'>> {
  const infos = await Promise.all(mastersOf(redis).map((master) => master.info('memory')));
  const sum = (field: string) =>
    infos.reduce((total, info) => total + Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0), 0);
  return { redis: sum('used_memory'), redisLimit: sum('maxmemory') || null };
}
