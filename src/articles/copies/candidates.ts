import { readFileSync } from 'node:fs';
import { SECOND } from '../../clock.ts';
import { PREPARED, type Sql } from '../../engines/sql.ts';
import type { ArticleId, FeedId } from '../../ids.ts';
import { type Comparable, comparableBare } from './comparable.ts';
import { type Candidate, likeness, WINDOW } from './decide.ts';
import { RECENT_TITLES } from './publishers.ts';
import { jaccard } from './shingles.ts';
import type { FeedTitles } from './suffixes.ts';
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
  readonly published_at: string;
  readonly root: ArticleId;
  readonly site: string | null;
  readonly feeds: readonly FeedId[];
  /** Keys that both have. */
  readonly shared: number;
}

interface Found extends Omit<Row, 'wanted' | 'title' | 'summary' | 'published_at'> {
  readonly published_at: Date;
  readonly text: Comparable;
}

/** What is stored while candidates are looked for: the articles that are matched, and their titles by feed. */
export interface Storing {
  readonly articles: readonly Unmatched[];
  readonly titles: readonly FeedTitles[];
  readonly now: Date;
}

/**
 * For each of the `originals`, if it has any, those whose text it carries, decided exactly. Stores the fingerprints of all
 * that are matched on the way, originals or not.
 */
export async function findAccepted(
  sql: Sql,
  { articles, titles, now }: Storing,
  originals: ReadonlySet<Unmatched>,
): Promise<Map<Unmatched, Accepted[]>> {
  const accepted = new Map<Unmatched, Accepted[]>();
  if (articles.length === 0 && titles.length === 0) return accepted;
  const given = articles.map((article) => {
    const { id, published_at, text, keys } = article;
    return { id, published_at, title: text.bare, keys, filter: filterOf(keys), is_wanted: originals.has(article) };
  });
  const { rows } = await sql.query<{ found: readonly Row[] | null }>(
    FIND_CANDIDATES,
    [JSON.stringify(given), WINDOW / SECOND, SUMMARY_READ, now, JSON.stringify(titles), RECENT_TITLES],
    PREPARED,
  );
  const stored = groupStored(rows[0]?.found ?? []);
  const beside = neighbours(articles, originals);
  for (const article of originals) {
    const found = [...(stored.get(article.id) ?? []), ...beside(article)];
    const own = decide(article, likeliest(found, article.published_at));
    if (own.length > 0) accepted.set(article, own);
  }
  return accepted;
}

/** A bit of 1024 for each key, by its last ten, as PostgreSQL counts them and writes them. */
function filterOf(keys: readonly number[]): string {
  const bits = Buffer.alloc(128);
  for (const key of keys) {
    const byte = (key & 1023) >> 3;
    bits[byte] = (bits[byte] ?? 0) | (1 << (key & 7));
  }
  return `\\x${bits.toString('hex')}`;
}

/** As many as the statement finds of those stored before. */
const CANDIDATES = 12;

/** Those that share most keys, and of these that share as many, those published nearest to `at`; as the statement does. */
function likeliest(found: Found[], at: Date): Found[] {
  const distance = ({ published_at }: Found) => Math.abs(published_at.getTime() - at.getTime());
  const order = (a: Found, b: Found) => b.shared - a.shared || distance(a) - distance(b) || (a.id < b.id ? -1 : 1);
  return found.sort(order).slice(0, CANDIDATES);
}

/** What was found, by the article for which it was. */
function groupStored(rows: readonly Row[]): Map<ArticleId, Found[]> {
  const groups = new Map<ArticleId, Found[]>();
  for (const { wanted, title, summary, published_at, id, root, site, feeds: carriers, shared } of rows) {
    const text = comparableBare(title, summary);
    // One that carried it twice is one.
    const feeds = carriers.length > 1 ? [...new Set(carriers)] : carriers;
    const found = { id, root, site, feeds, shared, published_at: new Date(published_at), text };
    const group = groups.get(wanted);
    if (group === undefined) groups.set(wanted, [found]);
    else group.push(found);
  }
  return groups;
}

/** Answers those of the articles themselves that share a key with one of them, published within the window. */
function neighbours(
  articles: readonly Unmatched[],
  originals: ReadonlySet<Unmatched>,
): (article: Unmatched) => Found[] {
  if (articles.length < 2) return () => [];
  const holders = new Map<number, Unmatched[]>();
  for (const article of articles) {
    for (const key of article.keys) {
      const others = holders.get(key);
      if (others === undefined) holders.set(key, [article]);
      else others.push(article);
    }
  }
  return (article) => {
    const shared = new Map<Unmatched, number>();
    for (const key of article.keys) {
      for (const other of holders.get(key) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
    }
    shared.delete(article);
    return [...shared]
      .filter(([other]) => Math.abs(other.published_at.getTime() - article.published_at.getTime()) <= WINDOW)
      .map(([other, count]) => ({
        ...other,
        root: originals.has(other) ? other.id : (other.original_id ?? other.id),
        shared: count,
      }));
  };
}

function decide(article: Unmatched, found: readonly Found[]): Accepted[] {
  const isTemplate = hasTemplate(article, found);
  const own: Candidate = {
    text: article.text,
    publishedAt: article.published_at,
    site: article.site ?? undefined,
    isTemplate,
  };
  return found.flatMap(({ text, ...row }) => {
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
  for (const row of found.filter((other) => other.text.title === text.title)) {
    for (const feed of row.feeds) carriers.set(feed, (carriers.get(feed) ?? 0) + 1);
  }
  if ([...carriers.values()].some((times) => times > 1)) return true;
  const sharing = found.filter((other) => hasSameLeadOnly(text, other.text));
  const isOwnFeeds = sharing.some((row) => row.feeds.some((feed) => feeds.includes(feed)));
  return isOwnFeeds || sharing.length >= MANY;
}

function hasSameLeadOnly(a: Comparable, b: Comparable): boolean {
  const [smaller, larger] = [a.leadShingles.length, b.leadShingles.length].sort((one, other) => one - other);
  // Sets of sizes so different cannot have as much in common: most are spared the comparison.
  if (a.lead === '' || b.lead === '' || (smaller ?? 0) < 0.9 * (larger ?? 0)) return false;
  return jaccard(a.leadShingles, b.leadShingles) >= 0.9 && jaccard(a.titleShingles, b.titleShingles) < 0.4;
}
