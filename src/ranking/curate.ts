import type { ArticleId } from '../ids.ts';
import type { Counts } from './compose.ts';
import { curationOf, type PinnedEntry, withPins } from './curation.ts';
import { LIST_ITEMS, type ListedArticle, type ListKey, type Snapshot } from './list.ts';
import { BOX_ITEMS, type Placed } from './thin.ts';
import { topNameOf } from './top.ts';

/** What a list is made of, with the decisions of editors in it. */
export interface Curate {
  /** The articles that may take places by their own reads. */
  readonly articles: Pick<ReadonlyMap<ArticleId, ListedArticle>, 'has' | 'get'>;
  /** Places of the box that no pinned article has. */
  readonly boxPlaces: number;
  /** What editors did, as the list says it; undefined where they did nothing. */
  readonly curation: NonNullable<Snapshot['curation']> | undefined;
  /** Puts the pinned articles into the list that came out of the others. */
  finish(list: List): Omit<List, 'placed'> & { readonly placed: readonly PinnedEntry[] };
}

interface List {
  readonly placed: readonly Placed[];
  readonly confidence: Snapshot['confidence'];
}

const NO_READS = { '1h': 0, '24h': 0, '7d': 0, '30d': 0 };

/** The decisions that concern the list, to be applied while it is made. */
export function openCurate(key: ListKey, counts: Counts): Curate {
  const { articles, curations = [], pinReads } = counts;
  const { isLeftOut, pinsOf } = curationOf(key, curations);
  if (curations.length === 0) {
    return { articles, boxPlaces: BOX_ITEMS, curation: undefined, finish: (list) => list };
  }
  const pins = pinsOf(articles);
  const excluded = countLeftOut(key, counts, isLeftOut);
  const isPinned = new Set(pins.map(({ id }) => id));
  const get = (id: ArticleId): ListedArticle | undefined => {
    const article = isPinned.has(id) ? undefined : articles.get(id);
    return article === undefined || isLeftOut(article) ? undefined : article;
  };
  return {
    articles: { get, has: (id) => get(id) !== undefined },
    boxPlaces: Math.max(0, BOX_ITEMS - pins.filter(({ place }) => place <= BOX_ITEMS).length),
    curation: pins.length + excluded === 0 ? undefined : { pinned: pins.length, excluded },
    finish({ placed, confidence }) {
      const readsOf = (id: ArticleId) => (pinReads?.get(id) ?? NO_READS)[key.window ?? '24h'];
      return {
        placed: withPins(placed, pins, readsOf).slice(0, LIST_ITEMS),
        confidence: confidence === 'empty' && pins.length > 0 ? 'thin' : confidence,
      };
    },
  };
}

/** How many of the articles that would be in the list are left out. */
function countLeftOut(
  key: ListKey,
  { own, rising = [], articles }: Counts,
  isLeftOut: (article: ListedArticle) => boolean,
): number {
  const entries = key.kind === 'rising' ? rising : own[topNameOf(key)];
  return entries.slice(0, LIST_ITEMS).filter(({ id }) => {
    const article = articles.get(id);
    return article !== undefined && isLeftOut(article);
  }).length;
}
