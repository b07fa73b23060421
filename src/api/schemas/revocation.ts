import type { Audit } from '../../views/audit.ts';
import type { Revocation } from '../../views/revocations.ts';
import type { Revoked } from '../../views/revoke.ts';
import { REVOCABLE } from '../../views/view-class.ts';
import { objectOf } from './object-of.ts';
import { Cursor, pageOf } from './page.ts';
import { ArticleIdText, Flag, Integer, NullableInteger, NullableText, NullableTime, Text, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

const Author = { type: 'string', maxLength: 64, description: 'Who says so, for the log.' } as const;

export const RevokeBody = {
  type: 'object',
  required: ['from', 'to'],
  examples: [
    { class: 'beacon', from: '2026-01-31T08:00:00Z', to: '2026-01-31T09:00:00Z', reason: 'A script', by: 'Desk' },
  ],
  properties: {
    class: { type: 'string', enum: REVOCABLE, description: 'Left out: reads of every class.' },
    from: { type: 'string', maxLength: 64, description: 'RFC 3339' },
    to: { type: 'string', maxLength: 64, description: 'RFC 3339, the end not included' },
    article: { ...ArticleIdText, description: 'This article with its copies; left out: all.' },
    reason: { type: 'string', maxLength: 500 },
    by: Author,
    dryRun: { type: 'boolean', description: 'Counts what would be taken, and takes nothing.' },
  },
} as const;

export const UndoBody = { type: 'object', examples: [{ by: 'Desk' }], properties: { by: Author } } as const;
export const RevocationParams = objectOf({
  id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] },
});
export const RevocationQuery = { type: 'object', properties: { article: ArticleIdText, cursor: Cursor } } as const;
export const AuditRequest = { type: 'object', examples: [{ repair: false }], properties: { repair: Flag } } as const;

export const RevokedSchema = objectOf({
  id: { ...NullableInteger, description: 'null for a dry run' },
  class: NullableText,
  from: Time,
  to: Time,
  article: NullableText,
  reads: Integer,
  articles: Integer,
});
export type RevokedBody = ValueOf<typeof RevokedSchema>;

export const RevocationSchema = objectOf({
  id: Integer,
  class: NullableText,
  from: Time,
  to: Time,
  article: NullableText,
  by: Text,
  reason: Text,
  at: Time,
  undoneAt: NullableTime,
  undoneBy: NullableText,
  reads: Integer,
});
export type RevocationBody = ValueOf<typeof RevocationSchema>;
export const RevocationsPage = pageOf(RevocationSchema);

export const AuditSchema = objectOf({
  articles: Integer,
  waiting: { ...Integer, description: 'Articles left out: they are about to be counted anew, or to be restored.' },
  wrong: { type: 'array', items: Text, description: 'Articles whose counts differ from PostgreSQL.' },
  wrongTotals: Integer,
});
export type AuditBody = ValueOf<typeof AuditSchema>;

export function revokedBody({ id, class: kind, from, to, article, reads, articles }: Revoked): RevokedBody {
  const period = { from: from.toISOString(), to: to.toISOString() };
  return { id: id ?? null, class: kind ?? null, ...period, article: article ?? null, reads, articles };
}

export function revocationBody(revocation: Revocation): RevocationBody {
  const { from, to, at, undoneAt } = revocation;
  return {
    ...revocation,
    ...{ from: from.toISOString(), to: to.toISOString(), at: at.toISOString() },
    undoneAt: undoneAt?.toISOString() ?? null,
  };
}

export function auditBody({ articles, waiting, wrong, wrongTotals }: Audit): AuditBody {
  return { articles, waiting, wrong: [...wrong], wrongTotals };
}
