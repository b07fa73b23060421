import { CAUSES } from '../../ranking/closed-list.ts';
import { LIST_KINDS } from '../../ranking/list.ts';
import { PERIODS } from '../../ranking/periods.ts';
import { WINDOWS } from '../../views/keys.ts';
import { objectOf } from './object-of.ts';
import { ArticleIdText, Flag, Integer, NullableInteger, NullableText, Text, Texts, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const DEFAULT_WINDOW = '24h';
export const DEFAULT_ITEMS = 5;
/** A reader of a feed scrolls, a box does not. */
export const DEFAULT_FEED_ITEMS = 20;
export const MAX_ITEMS = 50;

export const RankingQuery = {
  type: 'object',
  properties: {
    category: {
      type: 'string',
      maxLength: 256,
      description: 'Slug of a category; absent: the whole site.',
      examples: ['politics'],
    },
    window: { enum: WINDOWS, description: 'Of access lists; 24h where absent.', examples: ['7d'] },
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_ITEMS,
      description: '5 where absent, 20 in feeds.',
      examples: [10],
    },
    exclude: ArticleIdText,
    at: {
      type: 'string',
      maxLength: 64,
      description: 'RFC 3339: the list as it stood then.',
      examples: ['2026-01-31T09:00:00Z'],
    },
  },
} as const;
export type RankingQuery = ValueOf<typeof RankingQuery>;

export const RankingParams = objectOf({
  kind: { type: 'string', description: LIST_KINDS.join(', '), examples: ['access'] },
});

export const ListedArticle = objectOf({
  id: Text,
  title: Text,
  url: NullableText,
  source: Text,
  publishedAt: Time,
  updatedAt: Time,
  categories: Texts,
  image: NullableText,
});

/** How an item stands in its list. */
export const Standing = objectOf({
  rank: Integer,
  previousRank: NullableInteger,
  movement: { enum: ['up', 'down', 'same', 'new'] },
  peakRank: Integer,
  since: Time,
  reads: Integer,
  fill: NullableText,
});

const Item = objectOf({ ...Standing.properties, article: ListedArticle });
const DayAgo = {
  ...objectOf({ rank: NullableInteger, movement: Item.properties.movement }),
  description: 'Where it stood a day ago; in access lists of 24 hours that are older than that.',
} as const;
const Sparkline = {
  type: 'array',
  items: Integer,
  description:
    'Reads in each of 24 steps until now: of 5 minutes for 1h and rising, an hour for 24h and popular, 7 hours for 7d, 30 hours for 30d. Absent while not known.',
} as const;
/** `pinned` is there where an editor holds the item at its place. */
const ListItem = {
  ...Item,
  properties: { ...Item.properties, dayAgo: DayAgo, pinned: Flag, sparkline: Sparkline },
} as const;

const ListWindow = objectOf({ id: { enum: WINDOWS }, from: Time, to: Time, final: Flag });

export const ClosedParams = objectOf({
  period: { type: 'string', description: PERIODS.join(', '), examples: ['day'] },
  start: {
    type: 'string',
    maxLength: 64,
    description: 'Such as 2026-11-23T05, 2026-11-23, 2026-W48, 2026-11 in the zone of the site, RFC 3339, or latest.',
    examples: ['2026-01-31'],
  },
});

export const ClosedQuery = {
  type: 'object',
  properties: {
    category: RankingQuery.properties.category,
    limit: RankingQuery.properties.limit,
    revision: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1, description: 'The last one where absent.' },
  },
} as const;

const Uncurated = objectOf({
  list: { enum: LIST_KINDS },
  scope: Text,
  title: Text,
  window: { anyOf: [ListWindow, { type: 'null' }] },
  asOf: Time,
  version: Text,
  confidence: { enum: ['ok', 'thin', 'empty'] },
  items: { type: 'array', items: ListItem },
});
const Curation = {
  ...objectOf({ pinned: Integer, excluded: Integer }),
  description: 'Articles that editors hold at a place, and that they left out; absent where they did neither.',
} as const;
export const RankingSchema = { ...Uncurated, properties: { ...Uncurated.properties, curation: Curation } } as const;

const Unrevised = objectOf({
  ...Uncurated.properties,
  list: { enum: ['closed'] },
  window: objectOf({ id: { enum: PERIODS }, from: Time, to: Time, final: Flag }),
});

const Revised = {
  ...objectOf({ because: { type: 'array', items: { enum: CAUSES } }, supersedes: Text }),
  description: 'Why the list was made again, and the version whose place it took; absent from the first revision.',
} as const;
export const ClosedListSchema = {
  ...Unrevised,
  properties: { ...Unrevised.properties, revision: Integer, revised: Revised },
} as const;
