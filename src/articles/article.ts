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
  readonly revisions: readonly Revision[];
  readonly sources: readonly { readonly feed: string; readonly url: string | null; readonly firstSeenAt: Date }[];
  /** Of a copy: the article whose text it carries, for which its reads count. */
  readonly original: Mention | null;
  /** Articles with the text of this one, the oldest first. */
  readonly copies: readonly Mention[];
}

/** What an article said before an update. */
export interface Revision {
  readonly revision: number;
  readonly title: string;
  /** At most 4,096 characters. */
  readonly summary: string;
  readonly url: string | null;
  readonly image: string | null;
  /** What the update changed. The text itself is not kept. */
  readonly changed: readonly ('title' | 'summary' | 'content' | 'image' | 'url')[];
  readonly replacedAt: Date;
}

/** An article as another one names it. */
export interface Mention {
  readonly id: ArticleId;
  readonly title: string;
  readonly url: string | null;
  readonly source: string;
  readonly language: string | null;
  readonly publishedAt: Date;
}

export interface Category {
  readonly slug: CategorySlug;
  readonly name: string;
}
