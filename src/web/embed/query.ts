import { objectOf } from '../../api/schemas/object-of.ts';
import { RankingParams, RankingQuery } from '../../api/schemas/ranking.ts';
import type { ValueOf } from '../../api/schemas/value-of.ts';
import { LANGUAGES } from '../language.ts';

const { category, window, limit, exclude } = RankingQuery.properties;

export const EmbedParams = objectOf(RankingParams.properties);
export type EmbedParams = ValueOf<typeof EmbedParams>;

/** Which list, and how it is shown. */
export const EmbedQuery = {
  type: 'object',
  properties: {
    ...{ category, window, limit, exclude },
    lang: { type: 'string', enum: LANGUAGES },
    heading: { type: 'string', maxLength: 128, description: "In the place of the list's title." },
    level: { type: 'integer', minimum: 1, maximum: 6, description: 'Of the heading.' },
    theme: { enum: ['auto', 'light', 'dark'], description: 'auto: as the browser asks.' },
  },
} as const;
export type EmbedQuery = ValueOf<typeof EmbedQuery>;
