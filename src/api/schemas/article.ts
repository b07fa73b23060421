import type { ArticleDetail, Mention } from '../../articles/article.ts';
import type { ListedArticle } from '../../articles/list.ts';
import { objectOf } from './object-of.ts';
import { Cursor } from './page.ts';
import { ARTICLE_EXAMPLES, Integer, NullableText, Text, Texts, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;

const time = (description: string, example: string) =>
  ({ type: 'string', maxLength: 64, description, examples: [example] }) as const;

/** An empty value asks for nothing in particular, as an empty field of a form. */
export const ArticlesQuery = {
  type: 'object',
  properties: {
    category: { type: 'string', maxLength: 256, description: 'Slug of a category.', examples: ['politics'] },
    source: {
      type: 'string',
      pattern: '^([1-9][0-9]{0,14})?$',
      description: 'Id of a feed that carried it.',
      examples: ['1'],
    },
    language: {
      type: 'string',
      maxLength: 35,
      pattern: '^[A-Za-z0-9_-]*$',
      description: 'As the feed said; `en` means `en-GB` as well.',
      examples: ['en'],
    },
    from: time('RFC 3339 time or date (UTC): published then or later.', '2026-01-01'),
    to: time('RFC 3339 time or date (UTC): published before.', '2026-12-31T00:00:00Z'),
    q: {
      type: 'string',
      maxLength: 256,
      description:
        'Words that all occur in title, summary or text; "a phrase", -without, this OR that, begin*. Never an error.',
      examples: ['minister'],
    },
    sort: {
      enum: ['newest', 'relevance'],
      description: 'newest where absent; relevance orders the newest 500 that q finds.',
      examples: ['relevance'],
    },
    copies: { type: 'boolean', description: 'Also articles that are copies of others.', examples: [true] },
    content: { type: 'boolean', description: 'With the text of each article.', examples: [true] },
    cursor: Cursor,
    limit: { type: 'integer', minimum: 1, maximum: MAX_PAGE, description: '20 where absent.', examples: [5] },
  },
} as const;
export type ArticlesQuery = ValueOf<typeof ArticlesQuery>;

export const ArticleParams = objectOf({ id: { type: 'string', examples: ARTICLE_EXAMPLES } });

const fields = {
  id: Text,
  title: Text,
  url: NullableText,
  source: Text,
  summary: Text,
  author: NullableText,
  image: NullableText,
  language: NullableText,
  publishedAt: Time,
  updatedAt: Time,
  revision: Integer,
  categories: Texts,
} as const;

const Content = { type: 'string', description: 'Allow-listed HTML.' } as const;

export const ArticleSchema = objectOf(fields);

/** An article of a listing. */
export const ListedSchema = {
  ...ArticleSchema,
  properties: {
    ...fields,
    content: { ...Content, description: 'Allow-listed HTML, with `content=true`.' },
    original: { ...NullableText, description: 'Id of the article that this one is a copy of, with `copies=true`.' },
  },
} as const;

const MentionSchema = objectOf({
  id: Text,
  title: Text,
  url: NullableText,
  source: Text,
  language: NullableText,
  publishedAt: Time,
});

const RevisionSchema = objectOf({
  revision: Integer,
  title: Text,
  summary: Text,
  url: NullableText,
  image: NullableText,
  changed: {
    type: 'array',
    items: { enum: ['title', 'summary', 'content', 'image', 'url'] },
    description: 'What the next revision changed. Texts (`content`) are not kept.',
  } as const,
  replacedAt: Time,
});

export const ArticleDetailSchema = objectOf({
  ...fields,
  content: Content,
  revisions: { type: 'array', items: RevisionSchema, description: 'Earlier words, newest first; the last fifty.' },
  sources: { type: 'array', items: objectOf({ feed: Text, url: NullableText, firstSeenAt: Time }) },
  original: {
    anyOf: [MentionSchema, { type: 'null' }],
    description: 'Of a copy: the article whose text it carries, for which its reads count.',
  },
  copies: { type: 'array', items: MentionSchema, description: 'The first hundred that carry this text.' },
});

export type ListedBody = ValueOf<typeof ListedSchema>;
export type ArticleDetailBody = ValueOf<typeof ArticleDetailSchema>;

export function articleBody(article: ListedArticle): ListedBody {
  return {
    ...article,
    publishedAt: article.publishedAt.toISOString(),
    updatedAt: article.updatedAt.toISOString(),
  };
}

export function articleDetailBody({ original, ...article }: ArticleDetail): ArticleDetailBody {
  return {
    ...articleBody(article),
    content: article.content,
    revisions: article.revisions.map((revision) => ({ ...revision, replacedAt: revision.replacedAt.toISOString() })),
    sources: article.sources.map((source) => ({ ...source, firstSeenAt: source.firstSeenAt.toISOString() })),
    original: original === null ? null : mentionBody(original),
    copies: article.copies.map(mentionBody),
  };
}

function mentionBody(mention: Mention): ValueOf<typeof MentionSchema> {
  return { ...mention, publishedAt: mention.publishedAt.toISOString() };
}
