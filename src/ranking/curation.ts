import { foldText } from '../articles/search/fold.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import type { ListedArticle, ListKey, ListKind, Scope } from './list.ts';
import type { Placed } from './thin.ts';

export const CURATION_ACTIONS = ['pin', 'exclude'] as const;
export type CurationAction = (typeof CURATION_ACTIONS)[number];

/** What a decision is about. `word`: words of titles. `source`: as lists name it, or the host of its links. */
export const CURATION_TARGETS = ['article', 'source', 'category', 'word'] as const;
export type CurationTarget = (typeof CURATION_TARGETS)[number];

/** Lists in which an article can be pinned: what rises is a matter of numbers only. */
export const PINNED_KINDS: readonly ListKind[] = ['access', 'popular'];

/** What an editor decided about lists. */
export interface CurationRule {
  readonly action: CurationAction;
  readonly target: CurationTarget;
  readonly value: string;
  /** null: lists of every kind, for a pin of PINNED_KINDS. */
  readonly kind: ListKind | null;
  /** null: lists of every scope, for a pin the site's and those of the article's categories. */
  readonly scope: Scope | null;
  /** Of a pin; null otherwise. */
  readonly place: number | null;
}

/** A decision that is in force. */
export interface Curation extends CurationRule {
  readonly id: number;
}

/** What the decisions in force mean for one list. */
export interface ListCuration {
  isLeftOut(article: ListedArticle): boolean;
  /** The articles to hold at a place, the highest place first. */
  pinsOf(articles: ReadonlyMap<ArticleId, ListedArticle>): readonly Pin[];
}

export interface Pin {
  readonly id: ArticleId;
  readonly place: number;
}

const NO_CURATION: ListCuration = { isLeftOut: () => false, pinsOf: () => [] };

/**
 * The decisions that concern the list. A pin goes before exclusions of sources, categories and words, and an exclusion of
 * the article itself before its pin: what must not be shown is not shown.
 */
export function curationOf({ kind, scope }: Pick<ListKey, 'kind' | 'scope'>, all: readonly Curation[]): ListCuration {
  const own = all.filter((it) => (it.kind ?? kind) === kind && (it.scope ?? scope) === scope);
  if (own.length === 0) return NO_CURATION;
  const tests = own.filter(({ action }) => action === 'exclude').map(testOf);
  const banned = new Set(
    own.filter(({ action, target }) => action === 'exclude' && target === 'article').map(({ value }) => value),
  );
  const pins = own.filter(({ action, value }) => action === 'pin' && !banned.has(value));
  return {
    isLeftOut: (article) => tests.some((test) => test(article)),
    pinsOf(articles) {
      if (!PINNED_KINDS.includes(kind)) return [];
      const found = new Map<ArticleId, Curation>();
      for (const pin of pins) {
        const article = articles.get(pin.value as ArticleId);
        const isHere = scope === 'site' || pin.scope !== null || article?.categories.includes(scope);
        const other = article && found.get(article.id);
        // Of two decisions about an article the later one stands.
        if (article !== undefined && isHere && (other === undefined || other.id < pin.id)) found.set(article.id, pin);
      }
      return [...found.values()]
        .sort((a, b) => (a.place ?? 1) - (b.place ?? 1) || b.id - a.id)
        .map(({ value, place }) => ({ id: value as ArticleId, place: place ?? 1 }));
    },
  };
}

/** Whether the decisions leave anything out, so that lists must be looked for deeper. */
export function leavesOut(all: readonly Curation[]): boolean {
  return all.some(({ action }) => action === 'exclude');
}

/** The articles that are to be known because they are pinned somewhere. */
export function pinnedArticles(all: readonly Curation[]): ArticleId[] {
  return [...new Set(all.filter(({ action }) => action === 'pin').map(({ value }) => value as ArticleId))];
}

/** An entry that an editor put where it stands. */
export interface PinnedEntry extends Placed {
  readonly isPinned?: true;
}

/** The entries with the pinned articles at their places; in a list that is shorter, at its end. */
export function withPins(
  entries: readonly Placed[],
  pins: readonly Pin[],
  readsOf: (article: ArticleId) => number,
): readonly PinnedEntry[] {
  if (pins.length === 0) return entries;
  const result: PinnedEntry[] = [...entries];
  let next = 0;
  for (const { id, place } of pins) {
    const index = Math.min(Math.max(place - 1, next), result.length);
    const reads = readsOf(id);
    result.splice(index, 0, { id, score: reads, reads, isPinned: true });
    next = index + 1;
  }
  return result;
}

function testOf({ target, value }: Curation): (article: ListedArticle) => boolean {
  switch (target) {
    case 'article':
      return ({ id }) => id === value;
    case 'category':
      return ({ categories }) => categories.includes(value as CategorySlug);
    case 'source': {
      const wanted = foldText(value);
      return ({ source, url }) => foldText(source) === wanted || hostOf(url) === wanted.replace(/^www\./, '');
    }
    case 'word':
      return hasWords(value);
    default:
      return target satisfies never;
  }
}

/** Whether a title has the words, one after the other. Where words are not parted by spaces, anywhere in it. */
function hasWords(words: string): ({ title }: ListedArticle) => boolean {
  const wanted = foldText(words).trim().replace(/\s+/g, ' ');
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u.test(wanted)) {
    return ({ title }) => foldText(title).includes(wanted);
  }
  const escaped = wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll(' ', '\\s+');
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u');
  return ({ title }) => pattern.test(foldText(title));
}

function hostOf(url: string | null): string | undefined {
  if (url === null || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^www\./, '');
}
