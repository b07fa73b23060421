import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import type { Article } from './article.ts';
import { readCursor, readRankedCursor, writeCursor } from './cursor.ts';
import { type ArticleFilter, openParameters, selectionOf } from './filter.ts';
import { type ArticleRow, articleOf, COLUMNS } from './rows.ts';
import { findMatches } from './search/find.ts';
import { readQuery, type WordQuery } from './search/query.ts';
import { byRank, rankMatches } from './search/rank.ts';

/** Which articles to list, and how. */
export interface ArticleQuery extends ArticleFilter {
  /** What to look for, as people type it (see readQuery). Where it holds no word nothing is found. */
  readonly q?: string;
  /** `newest` first, unless said otherwise; `relevance` means nothing without `q`. */
  readonly sort?: 'newest' | 'relevance';
  /** With their texts. */
  readonly content?: boolean;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

/** An article of a listing. */
export interface ListedArticle extends Article {
  /** Allow-listed HTML, where it was asked for. */
  readonly content?: string;
  /** Where copies were asked for: the article that this one is a copy of, or null. */
  readonly original?: ArticleId | null;
}

interface Page<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

type Row = ArticleRow & Pick<ListedArticle, 'content' | 'original'>;

/** By relevance, so many of the newest matches are compared: beyond them nobody reads, and each costs a look. */
const MAX_RANKED = 500;

/**
 * A page of articles, newest first (or by relevance), and the cursor of the next page. What arrives meanwhile moves no
 * page. Throws `cursor-invalid` for a cursor not of ours.
 */
export async function listArticles(sql: Sql, query: ArticleQuery): Promise<Page<ListedArticle>> {
  const limit = Math.max(1, Math.trunc(query.limit));
  if (query.q === undefined) return pageOf(await newestArticles(sql, query, limit + 1), limit);
  const { items, next } = await search(sql, query, query.q, limit);
  return { items: await readInOrder(sql, items, query), next };
}

/** In one statement: the front page lists a dozen times. */
async function newestArticles(sql: Sql, query: ArticleQuery, count: number): Promise<ListedArticle[]> {
  const { values, parameter } = openParameters();
  const { id, fromWhere } = selectionOf(query, positionOf(query), parameter);
  const { rows } = await sql.query<Row>(
    `with page as materialized (select ${id} as id ${fromWhere} order by ${id} desc limit ${count})
     select ${columnsOf(query)} from page join articles article on article.id = page.id
     order by article.id desc`,
    values,
  );
  return rows.map(articleOf);
}

async function search(sql: Sql, query: ArticleQuery, typed: string, limit: number): Promise<Page<ArticleId>> {
  const words = readQuery(typed);
  if (words === undefined) return { items: [], next: null };
  if (query.sort === 'relevance') return listByRank(sql, words, query, limit);
  const ids = await findMatches(sql, words, query, positionOf(query), limit + 1);
  const { items, next } = pageOf(
    ids.map((id) => ({ id })),
    limit,
  );
  return { items: items.map(({ id }) => id), next };
}

const positionOf = ({ cursor }: ArticleQuery) => (cursor === undefined ? undefined : readCursor(cursor).id);

/** The page, of what was found for it and one more. */
function pageOf<Item extends { readonly id: ArticleId }>(found: readonly Item[], limit: number): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? writeCursor({ id: last.id }) : null };
}

async function listByRank(sql: Sql, words: WordQuery, query: ArticleQuery, limit: number): Promise<Page<ArticleId>> {
  const after = query.cursor === undefined ? undefined : readRankedCursor(query.cursor);
  // Nothing sorts between an id and itself with something added.
  const before = after === undefined ? undefined : (`${after.newest}0` as ArticleId);
  const matches = await findMatches(sql, words, query, before, MAX_RANKED);
  const ranked = await rankMatches(sql, words, matches);
  const left = after === undefined ? ranked : ranked.filter((one) => byRank(one, after) > 0);
  const page = left.slice(0, limit);
  const [newest, last] = [after?.newest ?? matches[0], page.at(-1)];
  const hasMore = left.length > limit && newest !== undefined && last !== undefined;
  return { items: page.map(({ id }) => id), next: hasMore ? writeCursor({ ...last, newest }) : null };
}

function columnsOf({ content, copies }: ArticleQuery): string {
  const asked = [content === true && 'article.content', copies === true && 'article.original_id as original'];
  return [COLUMNS, ...asked.filter((column) => column !== false)].join(', ');
}

async function readInOrder(sql: Sql, ids: readonly ArticleId[], query: ArticleQuery): Promise<ListedArticle[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql.query<Row>(
    `select ${columnsOf(query)} from articles article where article.id = any ($1::text[])`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, articleOf(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
