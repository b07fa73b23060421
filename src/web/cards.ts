import type { Article, Category } from '../articles/article.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import type { Edition } from './edition.ts';
import { excerpt, webUrl } from './text.ts';

export interface Link {
  readonly href: string;
  readonly name: string;
  readonly lang: string | null;
}

/** An article as a page announces it. */
export interface Card {
  readonly id: ArticleId;
  readonly href: string;
  readonly title: string;
  readonly lang: string | null;
  readonly source: string;
  readonly sourceLang: string | null;
  readonly summary: string;
  readonly image: string | null;
  readonly time: Time;
  readonly category: Link | null;
}

export interface Time {
  /** RFC 3339. */
  readonly iso: string;
  readonly text: string;
}

/** The names of the categories by slug. */
export type CategoryNames = ReadonlyMap<CategorySlug, string>;

const SUMMARY_LENGTH = 220;

export const articleHref = (id: ArticleId) => `/article/${id}`;
export const categoryHref = (slug: CategorySlug) => `/category/${encodeURIComponent(slug)}`;

export function namesOf(categories: readonly Category[]): CategoryNames {
  return new Map(categories.map(({ slug, name }) => [slug, name]));
}

export function categoryLink(slug: CategorySlug, names: CategoryNames, edition: Edition): Link {
  const name = names.get(slug) ?? slug;
  return { href: edition.href(categoryHref(slug)), name, lang: edition.mark(name) };
}

export const briefTime = (at: Date, now: Date, { dates }: Edition): Time => ({
  iso: at.toISOString(),
  text: dates.brief(at, now),
});

export const fullTime = (at: Date, { dates }: Edition): Time => ({ iso: at.toISOString(), text: dates.full(at) });

export function cardOf(article: Article, names: CategoryNames, edition: Edition, now: Date): Card {
  const [first] = article.categories;
  return {
    id: article.id,
    href: edition.href(articleHref(article.id)),
    title: article.title || edition.words.untitled,
    lang: edition.mark(article.title, article.language),
    source: article.source,
    sourceLang: edition.mark(article.source),
    summary: excerpt(article.summary, SUMMARY_LENGTH),
    image: webUrl(article.image),
    time: briefTime(article.publishedAt, now, edition),
    category: first === undefined ? null : categoryLink(first, names, edition),
  };
}
