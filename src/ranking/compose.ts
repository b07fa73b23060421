import type { ArticleId } from '../ids.ts';
import { type Curate, openCurate } from './curate.ts';
import type { Curation } from './curation.ts';
import type { PinReads } from './curations-in-force.ts';
import { LIST_ITEMS, type ListedArticle, type ListItem, type ListKey, type Snapshot, slidingWindow } from './list.ts';
import { itemsText, versionOf } from './list-text.ts';
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
  /** Writes the snapshot as JSON, with sparklines. */
  text(): string;
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
  const items = placed.flatMap(({ id, reads, fill, isPinned }, index): ListItem[] => {
    const article = counts.articles.get(id);
    if (article === undefined) return [];
    const last = past.lastItems.get(id);
    const item = itemOf(key, { id, rank: index + 1, reads, fill }, past, before, now);
    if (isPinned) return [{ ...item, pinned: true, article }];
    // Most items say what they said at the last tick, and need not be written again.
    return [last !== undefined && last.article === article && isSame(item, last) ? last : { ...item, article }];
  });
  const title = listTitle(key, names);
  const { curation } = curate;
  const content = `${title}\n${confidence}\n${curation === undefined ? '' : JSON.stringify(curation)}`;
  const head = {
    list: key.kind,
    scope: key.scope,
    title,
    window: slidingWindow(key.window, now),
    asOf: now.toISOString(),
    version: versionOf(content, items),
    confidence,
    ...(curation !== undefined && { curation }),
  };
  const text = () =>
    `${JSON.stringify(head).slice(0, -1)},"items":[${itemsText(items, counts.sparklines?.of(key, now))}]}`;
  return { snapshot: { ...head, items }, text, before };
}

function placeEntries(key: ListKey, counts: Placeable, past: Past, now: Date): ReturnType<typeof fillThin> {
  if (key.kind === 'rising') return placeRising(counts);
  const { own, site, articles, risen, boxPlaces } = counts;
  const isListable = ({ id }: Entry) =>
    articles.has(id) && (key.kind === 'access' || isRecent(id, now) || risen?.has(id) === true);
  const entriesOf = (tops: Tops, name: TopName) => tops[name].filter(isListable).slice(0, LIST_ITEMS);
  const siteSource = (name: TopName): Source[] =>
    key.scope === 'site' ? [] : [{ fill: 'site', entries: entriesOf(site, name) }];

  if (key.window === null) {
    const entries = keepLastPlace(entriesOf(own, topNameOf(key)), boxOf(past.lastItems), boxPlaces);
    return fillThin(entries, siteSource('popular'));
  }
  const wider = WIDER_WINDOWS[key.window].map((window) => ({ fill: window, entries: entriesOf(own, window) }));
  return fillThin(entriesOf(own, key.window), [...wider, ...siteSource(key.window)]);
}

/** Never filled: an article that does not rise has no place there, and one that does is no matter of chance. */
function placeRising({ rising = [], articles }: Placeable): ReturnType<typeof fillThin> {
  const entries = rising.filter(({ id }) => articles.has(id)).slice(0, LIST_ITEMS);
  return {
    placed: entries.map((entry) => ({ ...entry, fill: null })),
    confidence: entries.length === 0 ? 'empty' : 'ok',
  };
}

/** Who stood in the box by reads of the list's own; a filled item has no place to defend. */
function boxOf(items: ReadonlyMap<ArticleId, ListItem>): ReadonlySet<ArticleId> {
  const box = [...items.values()].filter((item) => item.rank <= BOX_ITEMS && item.fill === null && !item.pinned);
  return new Set(box.map((item) => item.article.id));
}

type Told = Omit<ListItem, 'article'>;

/** What an item says beside its article. */
function itemOf(
  key: ListKey,
  { id, rank, reads, fill }: Pick<ListItem, 'rank' | 'reads' | 'fill'> & { readonly id: ArticleId },
  past: Past,
  before: Ranks | undefined,
  now: Date,
): Told {
  const told = movementOf(id, rank, before ?? NO_RANKS);
  const { previousRank, movement } = key.kind === 'rising' ? risingMovement(id, told, now) : told;
  const { since, peakRank } = tenureOf(rank, past.lastItems.get(id), now);
  const item = { rank, previousRank, movement, peakRank, since, reads, fill };
  return past.dayBefore === undefined ? item : { ...item, dayAgo: toldAgainst(id, rank, past.dayBefore) };
}

const NO_RANKS: Ranks = new Map();
const NUMBERS = ['rank', 'reads', 'previousRank', 'movement', 'peakRank', 'since', 'fill', 'pinned'] as const;

function isSame(one: Told, other: Told): boolean {
  const hasSameDay = one.dayAgo?.rank === other.dayAgo?.rank && one.dayAgo?.movement === other.dayAgo?.movement;
  return hasSameDay && NUMBERS.every((name) => one[name] === other[name]);
}

function toldAgainst(article: ArticleId, rank: number, before: Ranks): ListItem['dayAgo'] & object {
  const { previousRank, movement } = movementOf(article, rank, before);
  return { rank: previousRank, movement };
}
