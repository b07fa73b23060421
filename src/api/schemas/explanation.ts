import { CURATION_ACTIONS, CURATION_TARGETS } from '../../ranking/curation.ts';
import type { Decayed, Explanation } from '../../ranking/explain.ts';
import { BOX_WEIGHT } from '../../ranking/explain-archive.ts';
import { LIST_KINDS } from '../../ranking/list.ts';
import { LEAST_FAST, LEAST_Z } from '../../ranking/rising.ts';
import { WINDOWS } from '../../views/keys.ts';
import { objectOf } from './object-of.ts';
import { ListedArticle, RankingQuery } from './ranking.ts';
import {
  ARTICLE_EXAMPLES,
  ArticleIdText,
  Decimal,
  Integer,
  NullableInteger,
  NullableText,
  NullableTime,
  Text,
  Time,
} from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const ExplainParams = objectOf({
  kind: { type: 'string', description: LIST_KINDS.join(', '), examples: ['popular'] },
  article: { type: 'string', maxLength: 64, examples: ARTICLE_EXAMPLES },
});
export const ExplainQuery = {
  type: 'object',
  properties: { category: RankingQuery.properties.category, window: RankingQuery.properties.window },
} as const;

const Windows = objectOf({ '1h': Integer, '24h': Integer, '7d': Integer, '30d': Integer });
const Counts = { type: 'object', additionalProperties: Integer } as const;
const DecayedReads = objectOf({ halfLifeMinutes: Integer, reads: Decimal, landmark: Time, stored: Decimal });

export const ExplanationSchema = objectOf({
  list: { enum: LIST_KINDS },
  scope: Text,
  window: { enum: [...WINDOWS, null] },
  asOf: Time,
  listAsOf: { ...NullableTime, description: 'When the list was last looked at; null where none is published.' },
  version: NullableText,
  asked: { ...ArticleIdText, description: 'What was asked for: another id than that of `article` where it is a copy.' },
  article: ListedArticle,
  place: {
    enum: ['listed', 'filled', 'pinned', 'excluded', 'elsewhere', 'too-old', 'unread', 'not-rising', 'below'],
  },
  rank: NullableInteger,
  fill: NullableText,
  reads: { ...Windows, description: 'By window, copies included.' },
  decayed: objectOf({ popular: DecayedReads, fast: DecayedReads, slow: DecayedReads }),
  rise: objectOf({
    rate: { ...Decimal, description: 'Reads a minute now.' },
    expected: { ...Decimal, description: 'Reads a minute that were to be expected.' },
    growth: Decimal,
    z: Decimal,
    drift: { ...Decimal, description: 'How much faster the whole site is read than before.' },
    mean: { ...Decimal, description: 'Slow reads of an article of the category.' },
    leastReads: Integer,
    leastZ: Integer,
  }),
  copies: objectOf({ articles: Integer, reads: { ...Integer, description: 'Of 30 days.' } }),
  box: objectOf({
    weight: { ...Decimal, description: 'Of a read that our own box led to, in popular lists.' },
    reads: Windows,
    discount: { ...Decimal, description: 'Decayed reads that the weight takes from the popular score now.' },
  }),
  refused: {
    ...objectOf({ day: Counts, week: Counts }),
    description: 'Views that were no reads, by reason; of 24 hours and of 7 days, by whole hours.',
  },
  revoked: { ...Counts, description: 'Reads of 30 days that were taken out afterwards, by class.' },
  curation: {
    type: 'array',
    items: objectOf({
      id: Integer,
      action: { enum: CURATION_ACTIONS },
      target: { enum: CURATION_TARGETS },
      place: NullableInteger,
    }),
  },
  next: {
    anyOf: [
      objectOf({
        rank: NullableInteger,
        passes: { anyOf: [objectOf({ id: Text, title: Text }), { type: 'null' }] },
        reads: { ...NullableInteger, description: 'So many more, all of them now; null: no number would do.' },
      }),
      { type: 'null' },
    ],
    description: 'One place higher, or into the list; null where it is first, or where reads change nothing.',
  },
});
export type ExplanationBody = ValueOf<typeof ExplanationSchema>;

export function explanationBody(explanation: Explanation): ExplanationBody {
  const { key, at, list, item, rise, facts, next, decayed, curations, asked, article, place, reads } = explanation;
  const { isSignificant: _, ...numbers } = rise;
  return {
    ...{ list: key.kind, scope: key.scope, window: key.window, asked, article, place, reads },
    asOf: at.toISOString(),
    listAsOf: list?.asOf ?? null,
    version: list?.version ?? null,
    rank: item?.rank ?? null,
    fill: item?.fill ?? null,
    decayed: { popular: shown(decayed.popular), fast: shown(decayed.fast), slow: shown(decayed.slow) },
    rise: { ...numbers, leastReads: LEAST_FAST, leastZ: LEAST_Z },
    copies: { articles: facts.copies, reads: facts.copyReads },
    box: { weight: BOX_WEIGHT, reads: facts.boxReads, discount: facts.boxDiscount },
    refused: facts.refused,
    revoked: facts.revoked,
    curation: curations.map(({ id, action, target, place }) => ({ id, action, target, place })),
    next: next === undefined ? null : { ...next, passes: next.passes && nameOf(next.passes) },
  };
}

const shown = ({ landmark, ...rest }: Decayed) => ({ ...rest, landmark: landmark.toISOString() });
const nameOf = ({ id, title }: { readonly id: string; readonly title: string }) => ({ id, title });
