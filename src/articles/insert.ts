import { readFileSync } from 'node:fs';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, newArticleId } from '../ids.ts';
import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';
import type { Match } from './match.ts';

const [INSERT_ARTICLES, INSERT_ALIASES, ADOPT_ARTICLES] = [
  './insert-articles.sql',
  './insert-aliases.sql',
  './adopt-articles.sql',
].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')) as [string, string, string];

export interface Inserted {
  readonly candidate: Candidate;
  readonly id: ArticleId;
}

/**
 * Stores new articles and all keys that are not stored yet, those of known articles too. A candidate that another poll
 * stored at the same time is handed back as `raced`: it is known now.
 */
export async function insertFresh(
  sql: Sql,
  fresh: readonly Candidate[],
  matches: readonly Match[],
  now: Date,
): Promise<{ inserted: Inserted[]; raced: Candidate[] }> {
  const added = await insertArticles(sql, fresh, now);
  const wanted = [
    ...added.flatMap(({ candidate, id }) => candidate.aliases.map((key) => ({ key, article: id }))),
    ...matches.flatMap(({ missingAliases, id }) => missingAliases.map((key) => ({ key, article: id }))),
  ];
  if (wanted.length === 0) return { inserted: [], raced: [] };
  const { rows } = await sql.query<{ key: AliasKey }>(INSERT_ALIASES, [JSON.stringify(wanted)]);
  const taken = new Set(rows.map(({ key }) => key));
  const raced = added.filter(({ candidate }) => candidate.aliases.some((key) => !taken.has(key)));
  await giveUp(sql, raced, taken);
  const isRaced = new Set(raced);
  return {
    inserted: added.filter((one) => !isRaced.has(one)),
    raced: raced.map(({ candidate }) => candidate),
  };
}

async function insertArticles(sql: Sql, fresh: readonly Candidate[], now: Date): Promise<Inserted[]> {
  if (fresh.length === 0) return [];
  const { rows } = await sql.query<{ sequence: number }>(
    `select nextval('article_sequence') as sequence from generate_series(1, $1::int)`,
    [fresh.length],
  );
  const added = fresh.map((candidate, index) => ({
    candidate,
    id: newArticleId(candidate.draft.publishedAt, rows[index]?.sequence ?? 0),
  }));
  await sql.query(INSERT_ARTICLES, [JSON.stringify(added.map(articleRow)), now]);
  return added;
}

/** Of what a losing article took, its keys go to the winner, the strongest of whose keys decides; its row goes. */
async function giveUp(sql: Sql, raced: readonly Inserted[], taken: ReadonlySet<AliasKey>): Promise<void> {
  if (raced.length === 0) return;
  const lostKeys = raced.flatMap(({ candidate }) => candidate.aliases.filter((key) => !taken.has(key)));
  const { rows } = await sql.query<{ key: AliasKey; winner: ArticleId }>(
    `select encode(key, 'hex') as key, article_id as winner from article_aliases
     where key in (select decode(lost, 'hex') from unnest($1::text[]) lost)`,
    [lostKeys],
  );
  const winners = new Map(rows.map(({ key, winner }) => [key, winner]));
  const pairs = raced.map(({ candidate, id }) => ({
    loser: id,
    winner: candidate.aliases.map((key) => winners.get(key)).find((winner) => winner !== undefined),
  }));
  await sql.query(ADOPT_ARTICLES, [JSON.stringify(pairs)]);
  await sql.query('delete from articles where id = any ($1::text[])', [raced.map(({ id }) => id)]);
}

/** An article as the statements read it from json. */
export function articleRow({ candidate, id }: Inserted) {
  const { draft } = candidate;
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
