import { noteCountChanges } from '../../articles/count-changes.ts';
import { type Clock, SECOND } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import { parseArticleId } from '../../ids.ts';
import { findStrays } from '../archive.ts';
import { holdArchives } from '../archive-lock.ts';
import type { ArticleFinder } from '../catalogue.ts';
import { SLOT_SECONDS } from '../keys.ts';
import { archivedSince } from '../read-archived.ts';
import { addCounts } from '../read-counts.ts';
import { keepRevoked } from '../revoke.ts';
import type { Committed, ImportBatch, ImportedCount, ImportLedger, KnownImport } from './ledger.ts';
import type { Span } from './spans.ts';

/** The ledger in the database. Redis follows: a counter recounts what is noted in count_changes (recount.ts). */
export function ledgerOnSql(sql: Sql, finder: ArticleFinder, clock: Clock): ImportLedger {
  return {
    async begin(head, source) {
      const sameHead = await sql.query<KnownImport>(
        `select id, position, encode(hash, 'hex') as hash, warm, spans from view_imports where head = $1`,
        [head],
      );
      const sameSource = await sql.query<{ id: number; spans: Span[] }>(
        `select id, spans from view_imports where source = $1 and source <> ''`,
        [source],
      );
      const { rows } = await sql.query<{ latest: number }>(
        'select coalesce(max(commit_number), 0) as latest from view_imports',
      );
      return { sameHead: sameHead.rows, sameSource: sameSource.rows, latest: rows[0]?.latest ?? 0 };
    },
    async find(names) {
      const urls = names.filter((name) => parseArticleId(name) === undefined);
      const byUrl = await finder.byUrls(urls);
      const ids = names.map((name) => byUrl.get(name) ?? name);
      const counted = await finder.byIds([...new Set(ids)]);
      return ids.map((id) => {
        const article = parseArticleId(id);
        return (article && counted.get(article)?.id) ?? null;
      });
    },
    commit: (batch) => sql.transaction((tx) => commit(tx, batch, clock())),
  };
}

async function commit(tx: Sql, batch: ImportBatch, now: Date): Promise<Committed> {
  // Alone: no two imports, and no archive, write the same counts in another order, or are blind to each other.
  await holdArchives(tx);
  await refuseOthers(tx, batch);
  const { counts } = batch;
  const rows = counts.map((count) => ({ ...count, class: 'import' as const }));
  await addCounts(tx, rows);
  const revoked = await keepRevoked(tx, rows);
  const strays = await findStrays(tx, new Set(counts.map(({ article }) => article)));
  await noteCountChanges(tx, [...revoked, ...strays, ...liveArticles(counts, now)], now);
  return await save(tx, batch, now);
}

/** Those that lists of now may show: with reads in the longest window. */
function liveArticles(counts: readonly ImportedCount[], now: Date) {
  const first = archivedSince(now).getTime() / SECOND / SLOT_SECONDS;
  return [...new Set(counts.filter(({ slot }) => slot >= first).map(({ article }) => article))];
}

async function refuseOthers(tx: Sql, { id, since, head, source }: ImportBatch): Promise<void> {
  const { rows } = await tx.query<{ name: string }>(
    `select name from view_imports
     where id is distinct from $1 and commit_number > $2 and (head = $3 or (source = $4 and source <> '')) limit 1`,
    [id, since, head, source],
  );
  if (rows[0] !== undefined) throw running(rows[0].name);
}

async function save(tx: Sql, batch: ImportBatch, now: Date): Promise<Committed> {
  const { id, since, head, source, name, position, hash, warm, spans, lines, refused, counts } = batch;
  const reads = counts.reduce((sum, count) => sum + count.reads, 0);
  const state = [position, Buffer.from(hash, 'hex'), warm, JSON.stringify(spans), name, source, now, lines, reads];
  const { rows } =
    id === undefined
      ? await tx.query<Committed>(
          `insert into view_imports
             (position, hash, warm, spans, name, source, committed_at, lines, reads, refused, head, started_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $7)
           returning id, commit_number as latest`,
          [...state, JSON.stringify(refused), head],
        )
      : await tx.query<Committed>(
          `update view_imports
           set position = $1, hash = $2, warm = $3, spans = $4, name = $5, source = $6, committed_at = $7,
               lines = lines + $8, reads = reads + $9, commit_number = default
           where id = $10 and commit_number <= $11
           returning id, commit_number as latest`,
          [...state, id, since],
        );
  if (rows[0] === undefined) throw running(name);
  return rows[0];
}

function running(name: string): CodedError {
  return new CodedError(
    'import-running',
    `${name} is being imported as well, or another log of the same source. Wait for that import, and run this one again.`,
  );
}
