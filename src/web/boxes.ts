import type { ListItem, Movement, Snapshot } from '../ranking/list.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { type BoxSpec, boxUrl } from './box-spec.ts';
import {
  articleHref,
  briefTime,
  type CategoryNames,
  categoryHref,
  categoryLink,
  type Link,
  type Time,
} from './cards.ts';
import type { Dates } from './dates.ts';
import { languageOf, webUrl } from './text.ts';

/** A list as a page shows it. */
export interface Box {
  readonly id: string;
  readonly title: string;
  readonly lang: string | null;
  readonly fragment: string;
  readonly isLong: boolean;
  readonly tabs: readonly Tab[];
  readonly rows: readonly Row[];
  readonly more: string | null;
}

export interface Tab {
  readonly name: string;
  readonly href: string;
  /** The box that the tab brings; null where the tab is a page of its own. */
  readonly fragment: string | null;
  readonly isCurrent: boolean;
}

export interface Row {
  readonly rank: number;
  readonly id: string;
  readonly href: string;
  readonly title: string;
  readonly lang: string | null;
  readonly source: string;
  readonly sourceLang: string | null;
  readonly image: string | null;
  readonly categories: readonly Link[];
  readonly published: Time;
  readonly since: Time;
  readonly peak: number;
  readonly movement: Movement;
  readonly symbol: string;
  readonly words: string;
  readonly reads: string;
  readonly fill: string | null;
}

export const WINDOW_NAMES: Readonly<Record<WindowId, string>> = {
  '1h': '1 hour',
  '24h': '24 hours',
  '7d': 'Week',
  '30d': 'Month',
};

const SYMBOLS: Readonly<Record<Movement, string>> = { up: '▲', down: '▼', same: '–', new: 'New' };
const FILLS: Readonly<Record<string, string>> = {
  site: 'from the whole site',
  '24h': 'of the last 24 hours',
  '7d': 'of the last week',
  '30d': 'of the last month',
};

/** Says in words what the arrow shows, for those who cannot see it. */
export function wordsOf({ movement, previousRank }: Pick<ListItem, 'movement' | 'previousRank'>): string {
  switch (movement) {
    case 'up':
      return previousRank === null ? 'Moved up' : `Up from ${previousRank}`;
    case 'down':
      return previousRank === null ? 'Moved down' : `Down from ${previousRank}`;
    case 'same':
      return 'Unchanged';
    case 'new':
      return 'New in this list';
    default:
      return movement satisfies never;
  }
}

const counted = (reads: number) => `${reads.toLocaleString('en-US')} ${reads === 1 ? 'read' : 'reads'}`;

function rowOf(spec: BoxSpec, item: ListItem, names: CategoryNames, dates: Dates, now: Date): Row {
  const { article } = item;
  return {
    rank: item.rank,
    id: article.id,
    // The beacon tells by #box that the list led here; a fragment leaves the page one URL for caches and search engines.
    href: `${articleHref(article.id)}#box`,
    title: article.title || 'Untitled',
    lang: languageOf(article.title, null),
    source: article.source,
    sourceLang: languageOf(article.source, null),
    image: webUrl(article.image),
    categories: article.categories.map((slug) => categoryLink(slug, names)),
    published: briefTime(new Date(article.publishedAt), now, dates),
    since: briefTime(new Date(item.since), now, dates),
    peak: item.peakRank,
    movement: item.movement,
    symbol: SYMBOLS[item.movement],
    words: spec.kind === 'rising' && item.movement === 'new' ? 'A new article' : wordsOf(item),
    reads: counted(item.reads),
    fill: item.pinned ? 'chosen by the editors' : item.fill === null ? null : (FILLS[item.fill] ?? item.fill),
  };
}

const tabsOf = (spec: BoxSpec, home: string): Tab[] =>
  WINDOWS.map((window) => ({
    name: WINDOW_NAMES[window],
    href: `${home}?window=${window}`,
    fragment: boxUrl({ ...spec, window }),
    isCurrent: window === spec.window,
  }));

function moreOf(spec: BoxSpec): string {
  const query = new URLSearchParams({ window: spec.window ?? (spec.kind === 'rising' ? 'rising' : 'now') });
  if (spec.scope !== 'site') query.set('category', spec.scope);
  return `/ranking?${query}`;
}

/** `snapshot` is already cut and cleared of the excluded article. */
export function boxOf(spec: BoxSpec, snapshot: Snapshot, names: CategoryNames, dates: Dates, now: Date): Box {
  const home = spec.scope === 'site' ? '/' : categoryHref(spec.scope);
  return {
    id: `box-${spec.kind}${spec.scope === 'site' ? '' : '-category'}`,
    title: snapshot.title,
    lang: languageOf(snapshot.title, null),
    fragment: boxUrl(spec),
    isLong: spec.view === 'long',
    tabs: spec.view === 'tabs' && spec.kind === 'access' ? tabsOf(spec, home) : [],
    rows: snapshot.items.map((item) => rowOf(spec, item, names, dates, now)),
    more: spec.view === 'long' ? null : moreOf(spec),
  };
}
