import type { ArticleDetail } from '../../articles/article.ts';
import type { StoryDetail } from '../../articles/stories/read.ts';
import { ArticleDetailSchema, ArticleSchema, articleBody, articleDetailBody } from './article.ts';
import { objectOf } from './object-of.ts';
import type { ValueOf } from './value-of.ts';

export const StoryParams = objectOf({ id: { type: 'string', examples: ['1'] } });

export const StorySchema = objectOf({
  id: { type: 'integer', description: 'Stays valid when the story merges with another.' },
  articles: { type: 'array', items: ArticleSchema, description: 'Newest first.' },
});

/** An article's answer: all that we keep of it, and what else was written about the event. */
export const ArticleAnswerSchema = objectOf({
  ...ArticleDetailSchema.properties,
  story: {
    anyOf: [StorySchema, { type: 'null' }],
    description: 'The newest ten other articles about the same event; null where there are none.',
  },
});

export function storyBody({ id, articles }: StoryDetail): ValueOf<typeof StorySchema> {
  return { id, articles: articles.map(articleBody) };
}

export function articleAnswer(
  article: ArticleDetail,
  story: StoryDetail | undefined,
): ValueOf<typeof ArticleAnswerSchema> {
  return { ...articleDetailBody(article), story: story === undefined ? null : storyBody(story) };
}
