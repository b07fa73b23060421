import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, newArticleId } from '../ids.ts';
import type { Aliases } from './aliases.ts';
import type { Draft } from './draft.ts';
import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';
import type { Fresh, Match } from './match.ts';
import { saveWords } from './search/save-words.ts';

const [INSERT_ARTICLES, INSERT_ALIASES, ADOPT_ARTICLES] = [
  './insert-articles.sql',
  './insert-aliases.sql',
  './adopt-articles.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string];

export interface Inserted {
  readonly fresh: Fresh;
  readonly id: ArticleId;
}

/** An article may have so many keys; a feed that gives it a new link at each poll would else fill the table. */
const MAX_KEYS = 32;

/**
 * Stores new articles and all keys that are not stored yet, those of known articles too. A candidate that another poll
 * stored at the same time is handed back as `raced`: it is known now.
 */
export async function insertFresh(
  sql: Sql,
  fresh: readonly Fresh[],
  matches: readonly Match[],
  now: Date,
): Promise<{ inserted: Inserted[]; raced: Candidate[] }> {
  const added = await insertArticles(sql, fresh, now);
  const wanted = new Map<AliasKey, { key: AliasKey; article: ArticleId; weak: boolean }>();
  const want = (id: ArticleId, { strong, weak }: Aliases) => {
    for (const key of weak) wanted.set(key, { key, article: id, weak: true });
    for (const key of strong) wanted.set(key, { key, article: id, weak: false });
  };
  for (const { id, missing } of await withoutFull(sql, matches)) want(id, missing);
  for (const { id, fresh } of added) want(id, fresh.aliases);
  if (wanted.size === 0) return { inserted: [], raced: [] };
  const { rows } = await sql.query<{ key: AliasKey }>(INSERT_ALIASES, [JSON.stringify([...wanted.values()])]);
  const taken = new Set(rows.map(({ key }) => key));
  const raced = added.filter(({ fresh }) => fresh.aliases.strong.some((key) => !taken.has(key)));
  await giveUp(sql, raced, taken);
  const isRaced = new Set(raced);
  return {
    inserted: added.filter((one) => !isRaced.has(one)),
    raced: raced.map(({ fresh }) => fresh.candidate),
  };
}

/** The matches that have keys to add, less those whose articles have as many as they may. */
async function withoutFull(sql: Sql, matches: readonly Match[]): Promise<Match[]> {
  const adding = matches.filter(({ missing }) => Object.values(missing).some((keys) => keys.length > 0));
  if (adding.length === 0) return [];
  const { rows } = await sql.query<{ id: ArticleId }>(
    `select article_id as id from article_aliases where article_id = any ($1::text[])
     group by article_id having count(*) >= ${MAX_KEYS}`,
    [adding.map(({ id }) => id)],
  );
  const full = new Set(rows.map(({ id }) => id));
  return adding.filter(({ id }) => !full.has(id));
}

async function insertArticles(sql: Sql, fresh: readonly Fresh[], now: Date): Promise<Inserted[]> {
  if (fresh.length === 0) return [];
  const { rows } = await sql.query<{ sequence: number }>(
    `select nextval('article_sequence') as sequence from generate_series(1, $1::int)`,
    [fresh.length],
  );
  const added = fresh.map((one, index) => ({
    fresh: one,
    id: newArticleId(one.candidate.draft.publishedAt, rows[index]?.sequence ?? 0),
  }));
  const articles = added.map(({ fresh, id }) => articleRow(fresh.candidate.draft, id));
  await sql.query(INSERT_ARTICLES, [JSON.stringify(articles), now]);
  await saveWords(sql, articles);
  return added;
}

/** Of what a losing article took, its keys go to the winner, the strongest of whose keys decides; its row goes. */
async function giveUp(sql: Sql, raced: readonly Inserted[], taken: ReadonlySet<AliasKey>): Promise<void> {
  if (raced.length === 0) return;
  const lostKeys = raced.flatMap(({ fresh }) => fresh.aliases.strong.filter((key) => !taken.has(key)));
  const { rows } = await sql.query<{ key: AliasKey; winner: ArticleId }>(
    `select encode(key, 'hex') as key, article_id as winner from article_aliases
     where key in (select decode(lost, 'hex') from unnest($1::text[]) lost)`,
    [lostKeys],
  );
  const winners = new Map(rows.map(({ key, winner }) => [key, winner]));
  const pairs = raced.map(({ fresh, id }) => ({
    loser: id,
    winner: fresh.aliases.strong.map((key) => winners.get(key)).find((winner) => winner !== undefined),
  }));
  await sql.query(ADOPT_ARTICLES, [JSON.stringify(pairs)]);
  await sql.query('delete from articles where id = any ($1::text[])', [raced.map(({ id }) => id)]);
}

/** An article as the statements read it from json. */
export function articleRow(draft: Draft, id: ArticleId) {
  return {
    id,
    url: draft.url,
    title: draft.title,
    summary: draft.summary,
    content: draft.content,
    author: draft.author,
    image: draft.image,
    language: draft.language,
    published_at: draft.publishedAt,
    published_from: draft.publishedFrom,
    updated_at: draft.updatedAt,
    content_hash: draft.contentHash,
  };
}
