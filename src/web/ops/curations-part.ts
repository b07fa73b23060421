import { findArticles } from '../../articles/store.ts';
import { parseArticleId } from '../../ids.ts';
import { type CurationRecord, listCurations } from '../../ranking/curation-store.ts';
import { type Query, textIn } from '../box-spec.ts';
import type { OpsTools } from './tools.ts';
import { type OpsEdition, relative } from './words.ts';

const SHOWN = 100;

/** What editors decided, what is in force or the whole log, the newest first. */
export async function curationsPart(
  { sql, clock }: Pick<OpsTools, 'sql' | 'clock'>,
  query: Query,
  edition: OpsEdition,
) {
  const now = clock();
  const isLog = textIn(query, 'curations') === 'log';
  const { items: found } = await listCurations(sql, { all: isLog, limit: SHOWN }, now);
  const ids = found.flatMap(({ target, value }) => (target === 'article' ? (parseArticleId(value) ?? []) : []));
  const articles = await findArticles(sql, ids);
  const titleOf = (value: string) => articles.get(value as (typeof ids)[number])?.title ?? null;
  return {
    fragment: edition.href(`/ops/parts/curations${isLog ? '?curations=log' : ''}`),
    tabs: [
      { name: edition.words.inForce, href: edition.href('/ops#curation'), isCurrent: !isLog },
      { name: edition.words.log, href: edition.href('/ops?curations=log#curation'), isCurrent: isLog },
    ],
    rows: found.map((record) => ({
      ...rowOf(record, now, edition),
      title: titleOf(record.value),
      lang: edition.mark(titleOf(record.value) ?? record.value),
    })),
  };
}

function rowOf(record: CurationRecord, now: Date, { words, href }: OpsEdition) {
  const { id, action, target, value, kind, scope, place, by, reason, at, expiresAt, endedAt, endedBy } = record;
  const isExpired = expiresAt !== null && expiresAt <= now;
  return {
    ...{ id, value, reason },
    what: action === 'pin' ? words.pinnedAt(place ?? 1) : words.leftOut(words.kindOf[target]),
    href: target === 'article' ? href(`/article/${value}`) : null,
    where: words.listsOf(kind, scope),
    made: words.madeBy(relative(at, now, words), by),
    isInForce: endedAt === null && !isExpired,
    until: until(),
  };

  function until(): string {
    if (endedAt !== null) return words.endedBy(relative(endedAt, now, words), endedBy ?? '');
    if (expiresAt === null) return words.untilEnded;
    return (isExpired ? words.expired : words.expires)(relative(expiresAt, now, words));
  }
}
