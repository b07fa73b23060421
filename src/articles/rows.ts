import type { ArticleId, CategorySlug } from '../ids.ts';
import type { Article } from './article.ts';

/**
 * The source is the feed that carried the article first; where that feed was removed and no other is left, the host of
 * its link. Each sub-select reads one index and runs for the rows of one page only.
 */
export const SOURCE = `coalesce(
    (
      select coalesce(nullif(feed.title, ''), feed.host)
      from sources source join feeds feed on feed.id = source.feed_id
      where source.article_id = article.id
      order by source.first_seen_at, source.feed_id limit 1
    ),
    substring(article.url from '^https?://(?:www[.])?([^/:?#]+)'),
    ''
  )`;

/** What an ArticleRow is read from, as columns of `article`. */
export const COLUMNS = `
  article.id, article.title, article.url, article.summary, article.author, article.image, article.language,
  article.published_at, article.updated_at, article.revision,
  ${SOURCE} as source,
  array(
    select filed.category
    from article_categories filed join categories category on category.slug = filed.category
    where filed.article_id = article.id
    order by category.position, category.slug
  ) as categories`;

export interface ArticleRow {
  readonly id: ArticleId;
  readonly title: string;
  readonly url: string | null;
  readonly summary: string;
  readonly author: string | null;
  readonly image: string | null;
  readonly language: string | null;
  readonly published_at: Date;
  readonly updated_at: Date;
  readonly revision: number;
  readonly source: string;
  readonly categories: CategorySlug[];
}

export function articleOf<Rest>({ published_at, updated_at, ...rest }: ArticleRow & Rest) {
  return { ...rest, publishedAt: published_at, updatedAt: updated_at } satisfies Article;
}
