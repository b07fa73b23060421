import { LIST_KINDS } from '../../ranking/list.ts';
import { PERIODS } from '../../ranking/periods.ts';
import { WINDOWS } from '../../views/keys.ts';
import { objectOf } from './object-of.ts';
import { ArticleIdText, Flag, Integer, NullableInteger, NullableText, Text, Texts, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const DEFAULT_WINDOW = '24h';
export const DEFAULT_ITEMS = 5;
export const MAX_ITEMS = 50;

export const RankingQuery = {
  type: 'object',
  properties: {
    category: { type: 'string', maxLength: 256, description: 'Slug of a category; absent: the whole site.' },
    window: { enum: WINDOWS, description: 'Of access lists; 24h where absent.' },
    limit: { type: 'integer', minimum: 1, maximum: MAX_ITEMS, description: '5 where absent.' },
    exclude: ArticleIdText,
    at: { type: 'string', maxLength: 64, description: 'RFC 3339: the list as it stood then.' },
  },
} as const;
export type RankingQuery = ValueOf<typeof RankingQuery>;

export const RankingParams = objectOf({ kind: { type: 'string', description: LIST_KINDS.join(', ') } });

const ListedArticle = objectOf({
  id: Text,
  title: Text,
  url: NullableText,
  source: Text,
  publishedAt: Time,
  updatedAt: Time,
  categories: Texts,
  image: NullableText,
});

const ListItem = objectOf({
  rank: Integer,
  previousRank: NullableInteger,
  movement: { enum: ['up', 'down', 'same', 'new'] },
  peakRank: Integer,
  since: Time,
  reads: Integer,
  fill: NullableText,
  article: ListedArticle,
});

const ListWindow = objectOf({ id: { enum: WINDOWS }, from: Time, to: Time, final: Flag });

export const ClosedParams = objectOf({
  period: { type: 'string', description: PERIODS.join(', ') },
  start: {
    type: 'string',
    maxLength: 64,
    description: 'Such as 2026-11-23T05, 2026-11-23, 2026-W48, 2026-11 in the zone of the site, or RFC 3339.',
  },
});

export const ClosedQuery = {
  type: 'object',
  properties: { category: RankingQuery.properties.category, limit: RankingQuery.properties.limit },
} as const;

export const RankingSchema = objectOf({
  list: { enum: LIST_KINDS },
  scope: Text,
  title: Text,
  window: { anyOf: [ListWindow, { type: 'null' }] },
  asOf: Time,
  version: Text,
  confidence: { enum: ['ok', 'thin', 'empty'] },
  items: { type: 'array', items: ListItem },
});

export const ClosedListSchema = objectOf({
  ...RankingSchema.properties,
  list: { enum: ['closed'] },
  window: objectOf({ id: { enum: PERIODS }, from: Time, to: Time, final: Flag }),
});
