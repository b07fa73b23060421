import { type Static, Type } from 'typebox';
import type { Article, ArticleDetail } from '../../articles/article.ts';
import { Cursor, NullableText, Time } from './common.ts';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;

export const ArticlesQuery = Type.Object({
  category: Type.Optional(Type.String({ maxLength: 256, description: 'Slug of a category.' })),
  q: Type.Optional(Type.String({ maxLength: 256, description: 'Words to look for.' })),
  cursor: Type.Optional(Cursor),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: '20 where absent.' })),
});
export type ArticlesQuery = Static<typeof ArticlesQuery>;

export const ArticleParams = Type.Object({ id: Type.String() });

const fields = {
  id: Type.String(),
  title: Type.String(),
  url: NullableText,
  source: Type.String(),
  summary: Type.String(),
  author: NullableText,
  image: NullableText,
  language: NullableText,
  publishedAt: Time,
  updatedAt: Time,
  revision: Type.Integer(),
  categories: Type.Array(Type.String()),
};

export const ArticleSchema = Type.Object(fields);

export const ArticleDetailSchema = Type.Object({
  ...fields,
  content: Type.String({ description: 'Allow-listed HTML.' }),
  revisions: Type.Array(Type.Object({ revision: Type.Integer(), title: Type.String(), replacedAt: Time })),
  sources: Type.Array(Type.Object({ feed: Type.String(), url: NullableText, firstSeenAt: Time })),
});

export function articleBody(article: Article): Static<typeof ArticleSchema> {
  return {
    ...article,
    categories: [...article.categories],
    publishedAt: article.publishedAt.toISOString(),
    updatedAt: article.updatedAt.toISOString(),
  };
}

export function articleDetailBody(article: ArticleDetail): Static<typeof ArticleDetailSchema> {
  return {
    ...articleBody(article),
    content: article.content,
    revisions: article.revisions.map((revision) => ({ ...revision, replacedAt: revision.replacedAt.toISOString() })),
    sources: article.sources.map((source) => ({ ...source, firstSeenAt: source.firstSeenAt.toISOString() })),
  };
}
