import type { Article } from '../articles/article.ts';
import type { ListedArticle } from './list.ts';

/** What a list says of an article. */
export function listedArticle(article: Article): ListedArticle {
  const { id, title, url, source, publishedAt, updatedAt, categories, image } = article;
  return {
    id,
    title,
    url,
    source,
    publishedAt: publishedAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    categories,
    image,
  };
}
