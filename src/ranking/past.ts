import { readFileSync } from 'node:fs';
import { findOriginals } from '../articles/store.ts';
import { DAY, HOUR, SECOND } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { type ArticleId, earliestIdAt } from '../ids.ts';
import { SLOT_SECONDS, type WindowId, windowStarts } from '../views/keys.ts';
import { composeList, type Past } from './compose.ts';
import { leavesOut, pinnedArticles } from './curation.ts';
import { readCurations } from './curation-store.ts';
import type { PinReads } from './curations-in-force.ts';
import type { ListKey, Scope, Snapshot } from './list.ts';
import { listedArticle } from './listed-article.ts';
import { ranksOf } from './movement.ts';
import { POPULAR_HALF_LIFE, POPULAR_MAX_AGE } from './popular.ts';
import { readSnapshotAt } from './store.ts';
import { BOX_ITEMS, GOOD_READS, WIDER_WINDOWS } from './thin.ts';
import type { ListNames } from './title.ts';
import { DEPTH, type Entry, NO_TOPS, type TopName, type Tops, topNameOf } from './top.ts';

/** Decayed reads count for so many half-lives (count.lua). */
const HALF_LIVES = 20;
/** Where editors leave things out, a past list is looked for so deep. */
const CURATED_DEPTH = 16 * DEPTH;
const MOVEMENT_SPAN = HOUR;
const NO_PAST: Past = { lastItems: new Map(), before: undefined };

const READ_PAST = readFileSync(new URL('./read-past.sql', import.meta.url), 'utf8');

/** Makes a list as it stood at the end of a slot; undefined for one without items. */
export type PastBuilder = (key: ListKey, at: Date) => Promise<Snapshot | undefined>;

/**
 * The list as it stood at `at`: as it was published, or made from the archive where none was, or where an import brought
 * reads of that time later. Undefined where there was none yet.
 */
export async function readListAt(sql: Sql, key: ListKey, at: Date, build: PastBuilder): Promise<Snapshot | undefined> {
  const published = await readSnapshotAt(sql, key, at);
  // What rose for a quarter of an hour cannot be told from slots of five minutes, let alone from hours.
  if (key.kind === 'rising') return published;
  if (published !== undefined && !(await isOutdone(sql, key, published, at))) return published;
  const slot = SLOT_SECONDS * SECOND;
  return (await build(key, new Date(Math.floor(at.getTime() / slot) * slot))) ?? published;
}

/** Whether reads of the list's window were imported after it was published. */
async function isOutdone(sql: Sql, { window }: ListKey, { asOf }: Snapshot, at: Date): Promise<boolean> {
  const { rows } = await sql.query<{ is_outdone: boolean }>(
    `select exists (
       select from view_imports cross join json_array_elements(spans) span
       where committed_at > $1 and (span ->> 1)::bigint >= $2 and (span ->> 0)::bigint <= $3
     ) as is_outdone`,
    [asOf, startOf(window ?? 'popular', at, POPULAR_HALF_LIFE).getTime(), at.getTime()],
  );
  return rows[0]?.is_outdone === true;
}

/** What a list made from the archive says of the site. */
export interface PastSite {
  readonly siteName: string;
  readonly zone: string;
}

/**
 * The list at `at` from the archive: exact by slots of five minutes for the last two days, and by the hours and days that
 * are kept of what is older. Movement is told against the hour before; since when an article stood there is not known.
 */
export async function buildPastList(
  sql: Sql,
  key: ListKey,
  { siteName, zone }: PastSite,
  at: Date,
): Promise<Snapshot | undefined> {
  const names = await readNames(sql, key.scope, siteName);
  if (names === undefined) return undefined;
  const compose = async (time: Date, past: Past): Promise<Snapshot> => {
    const counts = await readCounts(sql, key, zone, time);
    return composeList(key, counts, past, names, time).snapshot;
  };
  const earlier = await compose(new Date(at.getTime() - MOVEMENT_SPAN), NO_PAST);
  const before = ranksOf(earlier.items.map(({ article }) => article.id));
  const list = await compose(at, { ...NO_PAST, before });
  return list.items.length === 0 ? undefined : list;
}

async function readNames(sql: Sql, scope: Scope, siteName: string): Promise<ListNames | undefined> {
  if (scope === 'site') return { siteName };
  const { rows } = await sql.query<{ name: string }>('select name from categories where slug = $1', [scope]);
  return rows[0] && { siteName, categoryName: rows[0].name };
}

/** The counts that the list may be made of: its own, and where these are thin, those that it is filled from. */
async function readCounts(sql: Sql, key: ListKey, zone: string, at: Date) {
  const name = topNameOf(key);
  // As editors had decided by then.
  const curations = await readCurations(sql, at);
  const depth = leavesOut(curations) ? CURATED_DEPTH : DEPTH;
  const read = (scope: Scope, top: TopName) => readTop(sql, scope, top, zone, at, depth);
  const own: Partial<Record<TopName, readonly Entry[]>> = { [name]: await read(key.scope, name) };
  let site: Tops = NO_TOPS;
  if ((own[name] ?? []).filter(({ reads }) => reads >= GOOD_READS).length < BOX_ITEMS) {
    const wider: readonly WindowId[] = key.window === null ? [] : WIDER_WINDOWS[key.window];
    for (const window of wider) own[window] = await read(key.scope, window);
    const ofSite = topNameOf({ ...key, scope: 'site' });
    if (key.scope !== 'site') site = { ...NO_TOPS, [ofSite]: await read('site', ofSite) };
  }
  const tops: Tops = { ...NO_TOPS, ...own };
  const pinned = pinnedArticles(curations);
  const listed = [tops, site].flatMap((lists) => Object.values(lists).flatMap((list) => list.map(({ id }) => id)));
  const ids = [...pinned, ...listed];
  const found = await findOriginals(sql, [...new Set(ids)]);
  const articles = new Map(Array.from(found, ([id, article]) => [id, listedArticle(article)]));
  const pinReads = await readPinReads(sql, pinned, startOf(key.window ?? '24h', at, POPULAR_HALF_LIFE), at);
  return { own: tops, site, articles, curations, pinReads };
}

async function readTop(
  sql: Sql,
  scope: Scope,
  name: TopName,
  zone: string,
  at: Date,
  depth: number,
): Promise<readonly Entry[]> {
  const halfLife = name === 'popularHere' ? await readHalfLife(sql, scope) : POPULAR_HALF_LIFE;
  const start = startOf(name, at, halfLife);
  const isPopular = name === 'popular' || name === 'popularHere';
  const { rows } = await sql.query<{ id: ArticleId; reads: number; score: number }>(READ_PAST, [
    scope === 'site' ? null : scope,
    start,
    new Date(Math.floor(start.getTime() / HOUR) * HOUR),
    start,
    at,
    zone,
    isPopular ? earliestIdAt(new Date(at.getTime() - POPULAR_MAX_AGE)) : '',
    isPopular ? halfLife * (HOUR / SECOND) : null,
    isPopular ? new Date(at.getTime() - DAY) : null,
    depth,
  ]);
  return rows;
}

/** What pinned articles had been read, whatever the window is called. */
async function readPinReads(sql: Sql, pinned: readonly ArticleId[], from: Date, at: Date): Promise<PinReads> {
  if (pinned.length === 0) return new Map();
  const { rows } = await sql.query<{ id: ArticleId; reads: number }>(
    `select coalesce(original_id, id) as id, sum(reads)::float8 as reads
     from read_counts join articles on id = article_id
     where (id = any ($1::text[]) or original_id = any ($1::text[])) and slot >= $2 and slot < $3 group by 1`,
    [pinned, from, at],
  );
  return new Map(rows.map(({ id, reads }) => [id, { '1h': reads, '24h': reads, '7d': reads, '30d': reads }]));
}

/** Of the category as it is today: what was decided before is not kept. */
async function readHalfLife(sql: Sql, scope: Scope): Promise<number> {
  const { rows } = await sql.query<{ hours: number }>('select half_life as hours from categories where slug = $1', [
    scope,
  ]);
  return rows[0]?.hours ?? POPULAR_HALF_LIFE;
}

/** The beginning of the first slot or hour that the list still counts at `at`. */
function startOf(name: TopName, at: Date, halfLife: number): Date {
  if (name === 'popular' || name === 'popularHere') return new Date(at.getTime() - HALF_LIVES * halfLife * HOUR);
  const unit = name === '1h' || name === '24h' ? SLOT_SECONDS * SECOND : HOUR;
  return new Date(windowStarts(at)[name] * unit);
}
