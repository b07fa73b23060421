import { objectOf } from './object-of.ts';
import { Integer } from './scalars.ts';

/** A batch of an import (views/import/ledger.ts) stays below this: counts are sent by some ten thousand at a time. */
export const IMPORT_BODY_LIMIT = 8 * 1024 * 1024;

const Count = { type: 'integer', minimum: 0 } as const;
const Spans = {
  type: 'array',
  maxItems: 20_000,
  items: { type: 'array', minItems: 2, maxItems: 2, items: Integer },
} as const;
const Hash = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const Name = { type: 'string', maxLength: 4096 } as const;

export const ImportBeginBody = {
  ...objectOf({ head: Integer, source: Name }),
  examples: [{ head: 123456789, source: 'access.log' }],
} as const;
export const KnownImportsSchema = objectOf({
  sameHead: {
    type: 'array',
    items: objectOf({ id: Integer, position: Integer, hash: Hash, warm: Integer, spans: Spans }),
  },
  sameSource: { type: 'array', items: objectOf({ id: Integer, spans: Spans }) },
  latest: Integer,
} as const);

export const ImportFindBody = {
  ...objectOf({ names: { type: 'array', maxItems: 1000, items: Name } } as const),
  examples: [{ names: ['https://news.example/1', '0t9rrc400001'] }],
} as const;
export const ImportFindSchema = objectOf({ articles: { type: 'array', items: { type: ['string', 'null'] } } } as const);

const COMMIT_EXAMPLE = {
  ...{
    since: 0,
    head: 123456789,
    source: 'access.log',
    name: 'access.log',
    position: 4096,
    hash: '0'.repeat(64),
    warm: 0,
  },
  ...{ spans: [[0, 1]], lines: 20, refused: { bot: 3 } },
  counts: [{ slot: 5_900_000, article: '0t9rrc400001', reads: 12, boxReads: 0 }],
} as const;

export const ImportCommitBody = {
  type: 'object',
  required: ['since', 'head', 'source', 'name', 'position', 'hash', 'warm', 'spans', 'lines', 'refused', 'counts'],
  examples: [COMMIT_EXAMPLE],
  properties: {
    id: { type: 'integer', minimum: 1 },
    since: Count,
    head: Integer,
    source: Name,
    name: Name,
    position: Count,
    hash: Hash,
    warm: Count,
    spans: Spans,
    lines: Count,
    refused: { type: 'object', additionalProperties: Count },
    counts: {
      type: 'array',
      maxItems: 100_000,
      items: objectOf({
        slot: { type: 'integer', minimum: 0, maximum: 100_000_000 },
        article: { type: 'string', pattern: '^[0-9a-z]{12}$' },
        reads: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
        boxReads: Count,
      } as const),
    },
  },
} as const;
export const ImportCommitSchema = objectOf({ id: Integer, latest: Integer });
