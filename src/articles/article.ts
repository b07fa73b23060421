import type { ArticleId, CategorySlug } from '../ids.ts';

/** What we keep: one per real article, whatever number of feeds and entries carried it. */
export interface Article {
  readonly id: ArticleId;
  readonly title: string;
  /** To link to: redirectors unwrapped, tracking dropped, otherwise as the feed gave it; null where no feed gave a safe one. */
  readonly url: string | null;
  /** Title of the feed that first carried it. */
  readonly source: string;
  readonly summary: string;
  readonly author: string | null;
  readonly image: string | null;
  readonly language: string | null;
  readonly publishedAt: Date;
  readonly updatedAt: Date;
  readonly revision: number;
  readonly categories: readonly CategorySlug[];
}

export interface ArticleDetail extends Article {
  /** Allow-listed HTML. */
  readonly content: string;
  /** Earlier words, newest first. */
  readonly revisions: readonly { readonly revision: number; readonly title: string; readonly replacedAt: Date }[];
  readonly sources: readonly { readonly feed: string; readonly url: string | null; readonly firstSeenAt: Date }[];
}

export interface Category {
  readonly slug: CategorySlug;
  readonly name: string;
}
