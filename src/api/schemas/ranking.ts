import { type Static, Type } from 'typebox';
import { LIST_KINDS } from '../../ranking/list.ts';
import { WINDOWS } from '../../views/keys.ts';
import { ArticleIdText, NullableInteger, NullableText, Time } from './common.ts';

export const DEFAULT_WINDOW = '24h';
export const DEFAULT_ITEMS = 5;
export const MAX_ITEMS = 50;

export const RankingQuery = Type.Object({
  category: Type.Optional(Type.String({ maxLength: 256, description: 'Slug of a category; absent: the whole site.' })),
  window: Type.Optional(Type.Enum([...WINDOWS], { description: 'Of access lists; 24h where absent.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ITEMS, description: '5 where absent.' })),
  exclude: Type.Optional(ArticleIdText),
  at: Type.Optional(Type.String({ maxLength: 64, description: 'RFC 3339: the list as it stood then.' })),
});
export type RankingQuery = Static<typeof RankingQuery>;

export const RankingParams = Type.Object({ kind: Type.String({ description: LIST_KINDS.join(', ') }) });

const ListedArticle = Type.Object({
  id: Type.String(),
  title: Type.String(),
  url: NullableText,
  source: Type.String(),
  publishedAt: Time,
  updatedAt: Time,
  categories: Type.Array(Type.String()),
  image: NullableText,
});

const ListItem = Type.Object({
  rank: Type.Integer(),
  previousRank: NullableInteger,
  movement: Type.Enum(['up', 'down', 'same', 'new']),
  peakRank: Type.Integer(),
  since: Time,
  reads: Type.Integer(),
  fill: NullableText,
  article: ListedArticle,
});

const ListWindow = Type.Object({ id: Type.Enum([...WINDOWS]), from: Time, to: Time, final: Type.Boolean() });

export const RankingSchema = Type.Object({
  list: Type.Enum([...LIST_KINDS]),
  scope: Type.String(),
  title: Type.String(),
  window: Type.Union([ListWindow, Type.Null()]),
  asOf: Time,
  version: Type.String(),
  confidence: Type.Enum(['ok', 'thin', 'empty']),
  items: Type.Array(ListItem),
});
