import { canonicalUrl } from '../../../src/articles/canonical-url.ts';
import { urlKey } from '../../../src/articles/keys.ts';
import { findArticleIdsByUrl, findCounted } from '../../../src/articles/store.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import type { ArticleId } from '../../../src/ids.ts';
import { type ImportOptions, importLog } from '../../../src/views/import/import-log.ts';
import type { ImportLedger } from '../../../src/views/import/ledger.ts';
import { ledgerOnSql } from '../../../src/views/import/store.ts';
import type { Tally } from '../../../src/views/import/tally.ts';
import { insertArticles, type TestArticle, testArticle } from '../../ranking/counts.ts';

export const SITE = 'https://news.example';
export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const BOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface TestView {
  readonly at: Date;
  readonly path: string;
  readonly address: string;
  readonly agent?: string;
  readonly status?: number;
  readonly method?: string;
}

export const pathOf = ({ id }: TestArticle): string => `/politics/${id}`;

/** Articles that stand on SITE under their pathOf. */
export async function storeArticles(sql: Sql, publishedAt: Date, count: number, ...categories: string[]) {
  const articles = Array.from({ length: count }, () => testArticle(publishedAt, ...categories));
  await insertArticles(sql, articles);
  await sql.query(
    `insert into article_aliases (key, article_id)
     select decode(key, 'hex'), id from unnest($1::text[], $2::text[]) as alias (key, id)`,
    [articles.map((article) => urlKey(canonicalUrl(SITE + pathOf(article)) ?? '')), articles.map(({ id }) => id)],
  );
  return articles;
}

/** The view in the combined format, its time in the zone that is `east` hours east of Greenwich. */
export function combined(
  { at, path, address, agent = BROWSER, status = 200, method = 'GET' }: TestView,
  east = 9,
): string {
  const local = new Date(at.getTime() + east * 3_600_000);
  const day = `${String(local.getUTCDate()).padStart(2, '0')}/${MONTHS[local.getUTCMonth()]}/${local.getUTCFullYear()}`;
  const zone = `${east < 0 ? '-' : '+'}${String(Math.abs(east)).padStart(2, '0')}00`;
  const time = `${day}:${local.toISOString().slice(11, 19)} ${zone}`;
  return `${address} - - [${time}] "${method} ${path} HTTP/1.1" ${status} 512 "https://www.google.com/" "${agent}"`;
}

export const logOf = (views: readonly TestView[]): string => views.map((view) => `${combined(view)}\n`).join('');

/** What counting each view as it came would have given: reads by `slot article`. */
export function expectedReads(views: readonly TestView[], articles: readonly TestArticle[]): Record<string, number> {
  const byPath = new Map(articles.map((article) => [pathOf(article), article.id]));
  const seen = new Set<string>();
  const reads: Record<string, number> = {};
  for (const { at, path, address, agent = BROWSER } of views) {
    const id = byPath.get(path);
    const halfHour = Math.floor(at.getTime() / 1_800_000);
    const name = (slot: number) => `${slot} ${id} ${address} ${agent}`;
    if (id === undefined || agent === BOT || seen.has(name(halfHour)) || seen.has(name(halfHour - 1))) continue;
    seen.add(name(halfHour));
    const key = `${Math.floor(at.getTime() / 300_000)} ${id}`;
    reads[key] = (reads[key] ?? 0) + 1;
  }
  return reads;
}

/** What stands in read_counts, by `slot article`. */
export async function storedReads(sql: Sql): Promise<Record<string, number>> {
  const { rows } = await sql.query<{ slot: number; id: ArticleId; reads: number }>(
    `select extract(epoch from slot)::bigint / 300 as slot, article_id as id, sum(reads)::int as reads
     from read_counts group by 1, 2`,
  );
  return Object.fromEntries(rows.map(({ slot, id, reads }) => [`${slot} ${id}`, reads]));
}

export function ledgerOn(sql: Sql, now: Date): ImportLedger {
  const byIds = (ids: readonly string[]) => findCounted(sql, ids);
  const byUrls = (urls: readonly string[]) => findArticleIdsByUrl(sql, urls);
  return ledgerOnSql(sql, { byIds, byUrls }, () => now);
}

export interface ImportWish extends Partial<ImportOptions> {
  readonly name?: string;
  readonly isPiped?: boolean;
  /** Bytes of a chunk; small ones commit often. */
  readonly chunk?: number;
}

/** Imports a log whose every chunk is committed on its own. */
export async function importText(
  ledger: ImportLedger,
  log: string | Buffer,
  now: Date,
  { name = 'access.log', isPiped = false, chunk = 1_000_000, ...options }: ImportWish = {},
): Promise<Tally> {
  const bytes = typeof log === 'string' ? Buffer.from(log) : log;
  let opened = 0;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  let ticks = 0;
  return importLog(
    // The first look at the clock says what lies in the future.
    { ledger, clock: () => new Date(now.getTime() + 60_000 * ticks++), random: (size) => Buffer.alloc(size, 7) },
    { name, open: () => (isPiped && opened++ > 0 ? undefined : chunks()) },
    { source: '', site: SITE, format: undefined, zone: 'Asia/Tokyo', since: undefined, until: undefined, ...options },
  );
}
