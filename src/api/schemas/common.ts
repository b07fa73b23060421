import { type Static, type TSchema, Type } from 'typebox';

/** Dates go out as RFC 3339 in UTC. */
export const Time = Type.String({ format: 'date-time' });

export const NullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });
export const NullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
export const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] });

export const ArticleIdText = Type.String({ pattern: '^[0-9a-z]{12}$', description: 'Id of an article.' });

/** Where a listing goes on; what it holds is the server's own business. */
export const Cursor = Type.String({ maxLength: 512, description: '`next` of the page before.' });

/** What every listing answers. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), next: NullableText });

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable: programs may rely on it.' }),
    detail: Type.String(),
  },
  { description: 'application/problem+json' },
);

/** The error answers that any route may give. */
export const problems = { '4xx': ProblemSchema, '5xx': ProblemSchema };

export type Page<Item extends TSchema> = Static<ReturnType<typeof pageOf<Item>>>;
