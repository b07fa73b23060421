import { DROP_REASONS, type DropReason } from '../../views/view.ts';
import { objectOf } from './object-of.ts';
import { ARTICLE_EXAMPLES, ArticleIdText, Integer, Text } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const MAX_BATCH = 200;

const fields = {
  article: { type: 'string', minLength: 1, maxLength: 64, description: 'Id of the article.' },
  url: { type: 'string', minLength: 1, maxLength: 2048, description: 'Or its URL on any known site.' },
  ref: { type: 'string', const: 'box', description: 'Our own box led the reader there.' },
  visitor: { type: 'string', minLength: 1, maxLength: 256, description: 'With the ingest token only.' },
  at: { type: 'string', maxLength: 64, description: 'RFC 3339; with the ingest token only.' },
} as const;

export const ViewSchema = { type: 'object', properties: fields } as const;
export type View = ValueOf<typeof ViewSchema>;

/** One view, or a batch. The batch's elements are looked at one by one, so that a bad one costs itself only. */
export const ViewsBody = {
  type: 'object',
  examples: [{ article: '0t9rrc400001', ref: 'box' }, { views: [{ url: 'https://news.example/1' }] }],
  properties: {
    ...fields,
    views: { type: 'array', items: {}, maxItems: MAX_BATCH, description: 'Views like the one above.' },
  },
} as const;
export type ViewsBody = ValueOf<typeof ViewsBody>;

const dropCounts = Object.fromEntries(DROP_REASONS.map((reason) => [reason, Integer]));

export const CollectedSchema = objectOf({
  accepted: Integer,
  dropped: { type: 'object', properties: dropCounts as Record<DropReason, typeof Integer> },
});

export const PixelSchema = { description: '43 bytes, one transparent pixel.' } as const;
export const PixelQuery = objectOf({ article: ArticleIdText });

export const RedirectParams = objectOf({ article: { type: 'string', examples: ARTICLE_EXAMPLES } });

/** Never an error: a link must lead on, whatever was added to it. */
export const RedirectQuery = {
  type: 'object',
  properties: {
    ref: { type: 'array', items: Text, description: '`box`: one of our lists led there.', examples: [['box']] },
  },
} as const;
