import type { Sql } from '../../src/engines/sql.ts';
import type { Feed, Origin } from '../load/origin.ts';

/** What PostgreSQL has otherwise than the publishers' ledger. */
export interface ArticleAudit {
  /** Entries that no source stands for. */
  readonly lost: number;
  /** Articles beyond one for each entry. */
  readonly doubled: number;
  /** Articles that do not say what their entry says now. */
  readonly stale: number;
  /** How the feeds stand whose entries are lost or outdated. */
  readonly behind: readonly string[];
}

const SELECT = `
  select feeds.url, sources.guid, articles.title, articles.id
  from sources join feeds on feeds.id = feed_id join articles on articles.id = article_id`;

export async function auditArticles(sql: Sql, { feeds, url }: Origin): Promise<ArticleAudit> {
  const { rows } = await sql.query<{ url: string; guid: string; title: string }>(SELECT);
  const titles = new Map(rows.map((row) => [`${row.url} ${row.guid}`, row.title]));
  const stored = await sql.query<{ count: number }>('select count(*) as count from articles');
  const entries = feeds.flatMap((feed) =>
    feed.entries.map((entry) => ({ ...entry, feed: url + feed.path, key: `${url}${feed.path} ${entry.guid}` })),
  );
  const found = entries.filter(({ key }) => titles.has(key));
  const stale = found.filter(({ key, title }) => titles.get(key) !== title);
  const behind = [...entries.filter(({ key }) => !titles.has(key)), ...stale].map(({ feed }) => feed);
  return {
    lost: entries.length - found.length,
    doubled: (stored.rows[0]?.count ?? 0) - found.length,
    stale: stale.length,
    behind: await tellStates(sql, [...new Set(behind)]),
  };
}

async function tellStates(sql: Sql, urls: readonly string[]): Promise<string[]> {
  if (urls.length === 0) return [];
  const { rows } = await sql.query<{ line: string }>(
    `select concat_ws(' ', url, state, last_outcome, 'failures', failures, 'strikes', strikes, 'polled', last_polled_at,
                      'due', next_poll_at, 'leased until', leased_until, last_error) as line
     from feeds where url = any ($1)`,
    [urls],
  );
  return rows.map(({ line }) => line);
}

/** Feeds whose saved validator stands for entries that are not there: they would never be asked for again. */
export async function findEmptyValidators(sql: Sql, { feeds, url }: Origin): Promise<string[]> {
  const byUrl = new Map(feeds.map((feed) => [url + feed.path, feed]));
  const { rows } = await sql.query<{ url: string; etag: string; entries: number }>(
    `select url, etag, (select count(*) from sources where feed_id = feeds.id) as entries
     from feeds where etag is not null`,
  );
  return rows.flatMap((row) => {
    const feed = byUrl.get(row.url);
    const version = Number(/^"v(\d+)"$/.exec(row.etag)?.[1]);
    const promised = feed === undefined ? 0 : entriesAt(feed, version);
    return row.entries >= promised ? [] : [`${row.url} has ${row.etag} and ${row.entries} of ${promised} entries`];
  });
}

const entriesAt = ({ entries }: Feed, version: number): number =>
  entries.filter(({ since }) => since <= version).length;
