import { CURATION_ACTIONS, CURATION_TARGETS } from '../../ranking/curation.ts';
import type { CurationRecord } from '../../ranking/curation-store.ts';
import { LIST_ITEMS, LIST_KINDS } from '../../ranking/list.ts';
import { objectOf } from './object-of.ts';
import { Cursor, pageOf } from './page.ts';
import { Integer, NullableInteger, NullableText, NullableTime, Text, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

const Author = { type: 'string', maxLength: 64, description: 'Who says so, for the log.' } as const;

export const CurationBody = {
  type: 'object',
  required: ['action', 'target', 'value'],
  examples: [
    {
      action: 'pin',
      target: 'article',
      value: '0t9rrc400001',
      place: 1,
      list: 'popular',
      scope: 'politics',
      by: 'Desk',
    },
  ],
  properties: {
    action: { type: 'string', enum: CURATION_ACTIONS },
    target: { type: 'string', enum: CURATION_TARGETS, description: 'Pins are of articles.' },
    value: { type: 'string', maxLength: 1024, description: 'Id, name of a source or host, slug, or words of a title.' },
    place: { type: 'integer', minimum: 1, maximum: LIST_ITEMS, description: 'Of a pin; 1 where absent.' },
    list: { type: 'string', enum: LIST_KINDS, description: 'Left out: lists of every kind.' },
    scope: { type: 'string', maxLength: 256, description: '"site" or a category; left out: all.' },
    expires: { type: 'string', maxLength: 64, description: 'RFC 3339; left out: until it is ended.' },
    reason: { type: 'string', maxLength: 500 },
    by: Author,
  },
} as const;
export type CurationRequest = ValueOf<typeof CurationBody>;

export const EndCurationBody = { type: 'object', examples: [{ by: 'Desk' }], properties: { by: Author } } as const;
export const CurationParams = objectOf({
  id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] },
});
export const CurationQuery = {
  type: 'object',
  properties: { all: { type: 'boolean', description: 'Also what expired or was ended.' }, cursor: Cursor },
} as const;

export const CurationSchema = objectOf({
  id: Integer,
  action: { enum: CURATION_ACTIONS },
  target: { enum: CURATION_TARGETS },
  value: Text,
  list: NullableText,
  scope: NullableText,
  place: NullableInteger,
  by: Text,
  reason: Text,
  at: Time,
  expires: NullableTime,
  endedAt: NullableTime,
  endedBy: NullableText,
});
export type CurationAnswer = ValueOf<typeof CurationSchema>;
export const CurationsPage = pageOf(CurationSchema);

export function curationBody({ kind, at, expiresAt, endedAt, ...record }: CurationRecord): CurationAnswer {
  return {
    ...record,
    list: kind,
    at: at.toISOString(),
    expires: expiresAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
  };
}
