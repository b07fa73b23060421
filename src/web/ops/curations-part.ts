import { findArticles } from '../../articles/store.ts';
import { parseArticleId } from '../../ids.ts';
import { type CurationRecord, listCurations } from '../../ranking/curation-store.ts';
import { type Query, textIn } from '../box-spec.ts';
import type { OpsTools } from './tools.ts';
import { relative } from './words.ts';

const SHOWN = 100;

/** What editors decided, what is in force or the whole log, the newest first. */
export async function curationsPart({ sql, clock }: Pick<OpsTools, 'sql' | 'clock'>, query: Query) {
  const now = clock();
  const isLog = textIn(query, 'curations') === 'log';
  const found = await listCurations(sql, { all: isLog, limit: SHOWN }, now);
  const ids = found.flatMap(({ target, value }) => (target === 'article' ? (parseArticleId(value) ?? []) : []));
  const articles = await findArticles(sql, ids);
  const titleOf = (value: string) => articles.get(value as (typeof ids)[number])?.title ?? null;
  return {
    fragment: `/ops/parts/curations${isLog ? '?curations=log' : ''}`,
    tabs: [
      { name: 'In force', href: '/ops#curation', isCurrent: !isLog },
      { name: 'Log', href: '/ops?curations=log#curation', isCurrent: isLog },
    ],
    rows: found.map((record) => ({ ...rowOf(record, now), title: titleOf(record.value) })),
  };
}

function rowOf(record: CurationRecord, now: Date) {
  const { id, action, target, value, kind, scope, place, by, reason, at, expiresAt, endedAt, endedBy } = record;
  const isExpired = expiresAt !== null && expiresAt <= now;
  return {
    ...{ id, value, by, reason },
    what: action === 'pin' ? `Pinned at place ${place}` : `Left out: ${target}`,
    href: target === 'article' ? `/article/${value}` : null,
    where: `${kind ?? 'all'} lists of ${scope ?? 'the site and all sections'}`,
    made: relative(at, now),
    isInForce: endedAt === null && !isExpired,
    until: until(),
  };

  function until(): string {
    if (endedAt !== null) return `ended ${relative(endedAt, now)} by ${endedBy}`;
    if (expiresAt === null) return 'until it is ended';
    return isExpired ? `expired ${relative(expiresAt, now)}` : `expires ${relative(expiresAt, now)}`;
  }
}
