import { objectOf } from './object-of.ts';
import { Integer, Text } from './scalars.ts';

export const ProblemSchema = {
  ...objectOf({
    type: Text,
    title: Text,
    status: Integer,
    code: { type: 'string', description: 'Stable: programs may rely on it.' },
    detail: Text,
  }),
  description: 'application/problem+json',
} as const;

/** The error answers that any route may give. */
export const problems = { '4xx': ProblemSchema, '5xx': ProblemSchema } as const;
