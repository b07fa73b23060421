import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { type ListKey, listRedisKey, type Snapshot, spanOf } from './list.ts';
import { type Ranks, ranksOf } from './movement.ts';
import type { StoredSnapshot } from './store.ts';

/** What PostgreSQL knows of a list that was published before. */
export interface History {
  /** The newest stored snapshot. */
  readonly version: string;
  readonly asOf: Date;
  /** The list as it stood at the time that was asked for, or its first one where it is younger. */
  readonly before: Ranks;
  /** The list as it stood a day before it is looked at, where it was asked for and had been published by then. */
  readonly dayBefore: Ranks | undefined;
}

/** Lists that are told against the day before as well. */
function isToldByDay({ kind, window }: Pick<ListKey, 'kind' | 'window'>): boolean {
  return kind === 'access' && window === '24h';
}

interface Row {
  readonly kind: ListKey['kind'];
  readonly scope: ListKey['scope'];
  readonly span: string;
  readonly version: string;
  readonly as_of: Date;
  readonly articles: ArticleId[];
  readonly day_articles: ArticleId[] | null;
}

/** Histories by Redis key, in one query; lists that were never stored are absent. */
export async function readHistories(
  sql: Sql,
  keys: readonly ListKey[],
  at: Date,
  dayAt: Date,
): Promise<Map<string, History>> {
  const { rows } = await sql.query<Row>(
    `select wanted.kind, wanted.scope, wanted.span, newest.version, newest.as_of,
            jsonb_path_query_array(coalesce(earlier.body, first.body), '$.items[*].article') as articles,
            jsonb_path_query_array(day.body, '$.items[*].article') as day_articles
       from unnest($1::text[], $2::text[], $3::text[], $6::boolean[]) as wanted(kind, scope, span, by_day)
      cross join lateral (
        select version, as_of from list_snapshots s
         where s.kind = wanted.kind and s.scope = wanted.scope and s.span = wanted.span
         order by as_of desc limit 1) as newest
       left join lateral (
        select body from list_snapshots s
         where s.kind = wanted.kind and s.scope = wanted.scope and s.span = wanted.span and s.as_of <= $4
         order by as_of desc limit 1) as earlier on true
       left join lateral (
        select body from list_snapshots s
         where s.kind = wanted.kind and s.scope = wanted.scope and s.span = wanted.span and earlier.body is null
         order by as_of limit 1) as first on true
       left join lateral (
        select body from list_snapshots s
         where s.kind = wanted.kind and s.scope = wanted.scope and s.span = wanted.span and s.as_of <= $5 and wanted.by_day
         order by as_of desc limit 1) as day on true`,
    [keys.map((key) => key.kind), keys.map((key) => key.scope), keys.map(spanOf), at, dayAt, keys.map(isToldByDay)],
  );
  return new Map(
    rows.map(({ kind, scope, span, version, as_of, articles, day_articles }) => {
      const key = { kind, scope, window: span === '-' ? null : span } as ListKey;
      return [
        listRedisKey(key),
        {
          version,
          asOf: as_of,
          before: ranksOf(articles),
          dayBefore: day_articles === null ? undefined : ranksOf(day_articles),
        },
      ];
    }),
  );
}

/** Keeps the snapshots, in one statement; one that is there already stays as it is. */
export async function storeSnapshots(sql: Sql, snapshots: readonly Snapshot[]): Promise<void> {
  await sql.query(
    `insert into list_snapshots (kind, scope, span, as_of, version, body)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::jsonb[])
     on conflict do nothing`,
    [
      snapshots.map((snapshot) => snapshot.list),
      snapshots.map((snapshot) => snapshot.scope),
      snapshots.map((snapshot) => snapshot.window?.id ?? '-'),
      snapshots.map((snapshot) => snapshot.asOf),
      snapshots.map((snapshot) => snapshot.version),
      snapshots.map((snapshot) => JSON.stringify(storedSnapshot(snapshot))),
    ],
  );
}

function storedSnapshot(snapshot: Snapshot): StoredSnapshot {
  return { ...snapshot, items: snapshot.items.map((item) => ({ ...item, article: item.article.id })) };
}
