export const Text = { type: 'string' } as const;
export const Integer = { type: 'integer' } as const;
export const Decimal = { type: 'number' } as const;
export const Flag = { type: 'boolean' } as const;

/** Dates go out as RFC 3339 in UTC. */
export const Time = { type: 'string', format: 'date-time' } as const;

export const NullableTime = { type: ['string', 'null'], format: 'date-time' } as const;
export const NullableText = { type: ['string', 'null'] } as const;
export const NullableInteger = { type: ['integer', 'null'] } as const;
export const NullableNumber = { type: ['number', 'null'] } as const;

export const Texts = { type: 'array', items: Text } as const;

/** As examples of ids: what the examples ask for must be there in the test that calls them. */
export const ARTICLE_EXAMPLES = ['0t9rrc400001'] as const;

export const ArticleIdText = {
  type: 'string',
  pattern: '^[0-9a-z]{12}$',
  description: 'Id of an article.',
  examples: ARTICLE_EXAMPLES,
} as const;
