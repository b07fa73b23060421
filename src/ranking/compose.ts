import type { ArticleId } from '../ids.ts';
import { type Curate, openCurate } from './curate.ts';
import type { Curation, PinnedEntry } from './curation.ts';
import type { PinReads } from './curations-in-force.ts';
import { LIST_ITEMS, type ListedArticle, type ListItem, type ListKey, type Snapshot, slidingWindow } from './list.ts';
import { listJson, versionOf } from './list-text.ts';
import { movementOf, type Ranks, ranksOf, tenureOf } from './movement.ts';
import { isRecent, keepLastPlace } from './popular.ts';
import { risingMovement } from './rising.ts';
import type { Sparklines } from './sparklines.ts';
import { BOX_ITEMS, fillThin, type Source, WIDER_WINDOWS } from './thin.ts';
import { type ListNames, listTitle } from './title.ts';
import { type Entry, type TopName, type Tops, topNameOf } from './top.ts';

/** The counts that a list is made of. */
export interface Counts {
  readonly own: Tops;
  readonly site: Tops;
  /** Of the list's scope, where a rising list is made. */
  readonly rising?: readonly Entry[] | undefined;
  /** What rises anywhere: no article is too old for popular lists while it does. */
  readonly risen?: ReadonlySet<ArticleId>;
  readonly articles: ReadonlyMap<ArticleId, ListedArticle>;
  readonly sparklines?: Pick<Sparklines, 'of'>;
  /** What editors decided, of all lists, and what is read of the articles that they pinned. */
  readonly curations?: readonly Curation[];
  readonly pinReads?: PinReads;
}

/** The counts with the articles that may take places by their own reads. */
type Placeable = Omit<Counts, 'articles'> & Pick<Curate, 'articles' | 'boxPlaces'>;

/** What a list is told against: as it was last published, and as it stood an hour ago. */
export interface Past {
  readonly lastItems: ReadonlyMap<ArticleId, ListItem>;
  readonly before: Ranks | undefined;
  /** As it stood a day ago, where it is told against that as well. */
  readonly dayBefore?: Ranks | undefined;
}

/** A list made, and what is kept of making it. */
export interface Composed {
  readonly snapshot: Snapshot;
  /** The snapshot as JSON, with sparklines. */
  json(): Buffer;
  /** The ranks that its movement was told against. */
  readonly before: Ranks | undefined;
}

/** The list as it is to be published. */
export function composeList(key: ListKey, counts: Counts, past: Past, names: ListNames, now: Date): Composed {
  const curate = openCurate(key, counts);
  const { placed, confidence } = curate.finish(
    placeEntries(key, { ...counts, articles: curate.articles, boxPlaces: curate.boxPlaces }, past, now),
  );
  // A list without a past is told against itself: nothing has moved yet. One of what rises was empty.
  const hasNoRanks = placed.length === 0 || key.kind === 'rising';
  const before = past.before ?? (hasNoRanks ? undefined : ranksOf(placed.map((entry) => entry.id)));
  const told: Told = { kind: key.kind, before: before ?? NO_RANKS, dayBefore: past.dayBefore };
  const items: ListItem[] = [];
  for (const [index, entry] of placed.entries()) {
    const article = counts.articles.get(entry.id);
    if (article === undefined) continue;
    const last = past.lastItems.get(entry.id);
    const isAsLast = last?.article === article && saysTheSame(last, index + 1, entry, told);
    items.push(isAsLast ? last : itemOf(index + 1, entry, article, last, told, now));
  }
  const title = listTitle(key, names);
  const { curation } = curate;
  const content = `${title}\n${confidence}\n${curation === undefined ? '' : JSON.stringify(curation)}`;
  const snapshot: Snapshot = {
    list: key.kind,
    scope: key.scope,
    title,
    window: slidingWindow(key.window, now),
    asOf: now.toISOString(),
    version: versionOf(content, items),
    confidence,
    ...(curation !== undefined && { curation }),
    items,
  };
  return { snapshot, json: () => listJson(snapshot, counts.sparklines?.of(key, now)), before };
}

function placeEntries(key: ListKey, counts: Placeable, past: Past, now: Date): ReturnType<typeof fillThin> {
  if (key.kind === 'rising') return placeRising(counts);
  const { own, site, articles, risen, boxPlaces } = counts;
  const isListable = ({ id }: Entry) =>
    articles.has(id) && (key.kind === 'access' || isRecent(id, now) || risen?.has(id) === true);
  const entriesOf = (tops: Tops, name: TopName) => firstOf(tops[name], isListable);

  function* sources(): Iterable<Source> {
    const wider = key.window === null ? [] : WIDER_WINDOWS[key.window];
    for (const window of wider) yield { fill: window, entries: entriesOf(own, window) };
    if (key.scope !== 'site') yield { fill: 'site', entries: entriesOf(site, key.window ?? 'popular') };
  }
  const entries = entriesOf(own, topNameOf(key));
  const isBoxed = key.window === null;
  return fillThin(isBoxed ? keepLastPlace(entries, boxOf(past.lastItems), boxPlaces) : entries, sources());
}

/** Never filled: an article that does not rise has no place there, and one that does is no matter of chance. */
function placeRising({ rising = [], articles }: Placeable): ReturnType<typeof fillThin> {
  const placed = firstOf(rising, ({ id }) => articles.has(id));
  return { placed, confidence: placed.length === 0 ? 'empty' : 'ok' };
}

/** As many of those that may be listed as a list holds. */
function firstOf(entries: readonly Entry[], isListable: (entry: Entry) => boolean): readonly Entry[] {
  const first: Entry[] = [];
  for (const entry of entries) {
    if (first.length === LIST_ITEMS) break;
    if (isListable(entry)) first.push(entry);
  }
  return first;
}

/** Who stood in the box by reads of the list's own; a filled item has no place to defend. */
function boxOf(items: ReadonlyMap<ArticleId, ListItem>): ReadonlySet<ArticleId> {
  const box = [...items.values()].filter((item) => item.rank <= BOX_ITEMS && item.fill === null && !item.pinned);
  return new Set(box.map((item) => item.article.id));
}

const NO_RANKS: Ranks = new Map();

/** What the items of a list are told against. */
interface Told {
  readonly kind: ListKey['kind'];
  readonly before: Ranks;
  readonly dayBefore: Ranks | undefined;
}

/**
 * Whether the item still says what it said at the last tick, as most do, so that it need not be made and written again:
 * movement follows from two ranks, and what stays at its rank keeps its tenure. In rising lists movement depends on the
 * article's age as well, and nearly nothing stays the same.
 */
function saysTheSame(last: ListItem, rank: number, { id, reads, fill, isPinned }: PinnedEntry, told: Told): boolean {
  if (last.rank !== rank || last.reads !== reads || told.kind === 'rising') return false;
  if (last.fill !== (fill ?? null) || last.pinned !== isPinned) return false;
  const dayRank = told.dayBefore && (told.dayBefore.get(id) ?? null);
  return last.previousRank === (told.before.get(id) ?? null) && last.dayAgo?.rank === dayRank;
}

function itemOf(
  rank: number,
  { id, reads, fill, isPinned }: PinnedEntry,
  article: ListedArticle,
  last: ListItem | undefined,
  { kind, before, dayBefore }: Told,
  now: Date,
): ListItem {
  const moved = movementOf(id, rank, before);
  const { previousRank, movement } = kind === 'rising' ? risingMovement(id, moved, now) : moved;
  const { since, peakRank } = tenureOf(rank, last, now);
  const item = { rank, previousRank, movement, peakRank, since, reads, fill: fill ?? null, article };
  if (dayBefore === undefined && !isPinned) return item;
  return {
    ...item,
    ...(dayBefore !== undefined && { dayAgo: toldAgainst(id, rank, dayBefore) }),
    ...(isPinned && { pinned: true as const }),
  };
}

function toldAgainst(article: ArticleId, rank: number, before: Ranks): ListItem['dayAgo'] & object {
  const { previousRank, movement } = movementOf(article, rank, before);
  return { rank: previousRank, movement };
}
