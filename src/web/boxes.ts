import type { ClosedSnapshot } from '../ranking/closed-list.ts';
import type { ListItem, Movement, Snapshot } from '../ranking/list.ts';
import { WINDOWS } from '../views/keys.ts';
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
import type { Edition } from './edition.ts';
import { rankingHref, spanOf } from './spans.ts';
import { type Sparkline, sparklineOf } from './sparkline.ts';
import { webUrl } from './text.ts';

/** What a list is shown in: the names of the categories, the reader's edition, and when he looks at it. */
export interface Setting {
  readonly names: CategoryNames;
  readonly edition: Edition;
  readonly siteName: string;
  readonly now: Date;
}

type AnySnapshot = Pick<Snapshot | ClosedSnapshot, 'title' | 'items'>;

/** A list as a page shows it. */
export interface Box {
  readonly id: string;
  readonly title: string;
  readonly lang: string | null;
  /** Where the box can be fetched again; null for one that does not change. */
  readonly fragment: string | null;
  readonly isLong: boolean;
  /** There is no such list, as against one that nobody has read anything of. */
  readonly isMissing?: true;
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
  readonly peak: string;
  readonly movement: Movement;
  readonly symbol: string;
  readonly words: string;
  readonly reads: string;
  readonly sparkline: Sparkline | null;
  readonly fill: string | null;
}

const SYMBOLS: Readonly<Record<Exclude<Movement, 'new'>, string>> = { up: '▲', down: '▼', same: '–' };

function rowOf(spec: BoxSpec, item: ListItem, { names, edition, now }: Setting): Row {
  const { article } = item;
  const { words } = edition;
  const isNewArticle = spec.kind === 'rising' && item.movement === 'new';
  return {
    rank: item.rank,
    id: article.id,
    // The beacon tells by #box that the list led here; a fragment leaves the page one URL for caches and search engines.
    href: `${edition.href(articleHref(article.id))}#box`,
    title: article.title || words.untitled,
    lang: edition.mark(article.title),
    source: article.source,
    sourceLang: edition.mark(article.source),
    image: webUrl(article.image),
    categories: article.categories.map((slug) => categoryLink(slug, names, edition)),
    published: briefTime(new Date(article.publishedAt), now, edition),
    since: briefTime(new Date(item.since), now, edition),
    peak: words.bestRank(item.peakRank),
    movement: item.movement,
    symbol: item.movement === 'new' ? words.newSymbol : SYMBOLS[item.movement],
    words: isNewArticle ? words.newArticle : words.movement(item.movement, item.previousRank),
    reads: words.reads(item.reads),
    sparkline: sparklineOf(item.sparkline),
    fill: item.pinned ? words.pinned : item.fill === null ? null : (words.fills[item.fill] ?? item.fill),
  };
}

const tabsOf = (spec: BoxSpec, { edition }: Setting): Tab[] =>
  WINDOWS.map((window) => ({
    name: edition.words.windows[window],
    href: edition.href(`${spec.scope === 'site' ? '/' : categoryHref(spec.scope)}?window=${window}`),
    fragment: edition.href(boxUrl({ ...spec, window })),
    isCurrent: window === spec.window,
  }));

/** `snapshot` is already cut and cleared of the excluded article; `isLive` where it goes on. */
export function boxOf(spec: BoxSpec, snapshot: AnySnapshot, setting: Setting, isLive = true): Box {
  const { edition } = setting;
  const title = titleOf(spec, snapshot, setting);
  return {
    id: `box-${spec.kind}${spec.scope === 'site' ? '' : '-category'}`,
    title,
    lang: edition.mark(title),
    fragment: isLive ? edition.href(boxUrl(spec)) : null,
    isLong: spec.view === 'long',
    tabs: spec.view === 'tabs' && spec.kind === 'access' ? tabsOf(spec, setting) : [],
    rows: snapshot.items.map((item) => rowOf(spec, item, setting)),
    more: spec.view === 'long' ? null : edition.href(rankingHref({ scope: spec.scope, span: spanOf(spec) })),
  };
}

/** In the edition's own words where it has them: a title is published in English. */
function titleOf({ kind, scope }: BoxSpec, { title }: AnySnapshot, { names, edition, siteName }: Setting): string {
  const { listTitle } = edition.words;
  if (listTitle === null) return title;
  return listTitle(kind, siteName, scope === 'site' ? null : (names.get(scope) ?? scope));
}
