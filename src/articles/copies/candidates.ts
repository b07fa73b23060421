import { readFileSync } from 'node:fs';
import { SECOND } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import type { ArticleId, FeedId } from '../../ids.ts';
import { type Comparable, comparable } from './comparable.ts';
import { type Candidate, likeness, WINDOW } from './decide.ts';
import { jaccard } from './shingles.ts';
import { SUMMARY_READ, type Unmatched } from './unmatched.ts';

const FIND_CANDIDATES = readFileSync(new URL('./find-candidates.sql', import.meta.url), 'utf8');

/** An article that another one may be a copy of. */
export interface Accepted {
  readonly id: ArticleId;
  readonly root: ArticleId;
  readonly likeness: number;
}

interface Row {
  readonly wanted: ArticleId;
  readonly id: ArticleId;
  readonly title: string;
  readonly summary: string;
  readonly published_at: Date;
  readonly root: ArticleId;
  readonly site: string | null;
  readonly feeds: readonly FeedId[];
}

interface Found {
  readonly row: Row;
  readonly text: Comparable;
}

/** For each article that has any, those whose text it carries, decided exactly. */
export async function findAccepted(sql: Sql, articles: readonly Unmatched[]): Promise<Map<Unmatched, Accepted[]>> {
  const accepted = new Map<Unmatched, Accepted[]>();
  if (articles.length === 0) return accepted;
  const wanted = articles.map(({ id, published_at, keys }) => ({ id, published_at, keys }));
  // Comparing arrays row by row costs 8 µs each, far more than PostgreSQL thinks: a table of a few thousand it would read whole.
  await sql.script('set local enable_seqscan = off');
  const { rows } = await sql.query<Row>(FIND_CANDIDATES, [JSON.stringify(wanted), WINDOW / SECOND, SUMMARY_READ]);
  await sql.script('set local enable_seqscan = on');
  const texts = new Map(articles.map(({ id, text }) => [id, text]));
  const found = new Map<ArticleId, Found[]>();
  for (const row of rows) {
    const text = texts.get(row.id) ?? comparable(row.title, row.summary);
    texts.set(row.id, text);
    const others = found.get(row.wanted);
    if (others === undefined) found.set(row.wanted, [{ row, text }]);
    else others.push({ row, text });
  }
  for (const article of articles) {
    const own = decide(article, found.get(article.id) ?? []);
    if (own.length > 0) accepted.set(article, own);
  }
  return accepted;
}

function decide(article: Unmatched, found: readonly Found[]): Accepted[] {
  const isTemplate = hasTemplate(article, found);
  const own: Candidate = {
    text: article.text,
    publishedAt: article.published_at,
    site: article.site ?? undefined,
    isTemplate,
  };
  return found.flatMap(({ row, text }) => {
    if (row.feeds.some((feed) => article.feeds.includes(feed))) return [];
    const other = { text, publishedAt: row.published_at, site: row.site ?? undefined, isTemplate };
    const score = likeness(own, other);
    return score === undefined ? [] : [{ id: row.id, root: row.root, likeness: score }];
  });
}

/** So many articles of other feeds that have the same summary under different titles make it one that says nothing. */
const MANY = 3;

/** Whether a feed has other articles with the very title, or the summary stands under other titles. */
function hasTemplate({ text, feeds }: Unmatched, found: readonly Found[]): boolean {
  const carriers = new Map<FeedId, number>(feeds.map((feed) => [feed, 1]));
  for (const { row } of found.filter((other) => other.text.title === text.title)) {
    for (const feed of row.feeds) carriers.set(feed, (carriers.get(feed) ?? 0) + 1);
  }
  if ([...carriers.values()].some((times) => times > 1)) return true;
  const sharing = found.filter((other) => hasSameLeadOnly(text, other.text));
  const isOwnFeeds = sharing.some(({ row }) => row.feeds.some((feed) => feeds.includes(feed)));
  return isOwnFeeds || sharing.length >= MANY;
}

function hasSameLeadOnly(a: Comparable, b: Comparable): boolean {
  return (
    a.lead !== '' &&
    b.lead !== '' &&
    jaccard(a.leadShingles, b.leadShingles) >= 0.9 &&
    jaccard(a.titleShingles, b.titleShingles) < 0.4
  );
}
