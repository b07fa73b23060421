import { noteCountChanges } from '../articles/count-changes.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import type { ArticleId } from '../ids.ts';
import { holdArchives } from './archive-lock.ts';
import { SLOT_SECONDS } from './keys.ts';
import type { CountRow } from './read-counts.ts';
import { grainBounds, rowStart } from './roll-up.ts';
import type { RevocableClass } from './view-class.ts';

/**
 * Takes reads out of all counts after the fact: those of a class and a period, of all articles or of one and its copies.
 * What is taken moves from read_counts to revoked_counts under the revocation's id, in one transaction with the note in
 * count_changes by which the lists follow (recount.ts); undone, it moves back. So a read is counted or revoked, and never
 * both or neither.
 *
 * A revocation is a rule that stands: reads which come to the archive later and are of its class and period are taken as
 * they come (keepRevoked). Of several rules the first takes a read.
 */
export interface RevocationRule {
  /** undefined: every class. */
  readonly class: RevocableClass | undefined;
  readonly from: Date;
  readonly to: Date;
  readonly article: ArticleId | undefined;
}

/** What a rule takes: sums, over so many articles. */
export interface Taken {
  readonly reads: number;
  readonly articles: number;
}

export interface Revoked extends RevocationRule, Taken {
  /** undefined for a dry run. */
  readonly id: number | undefined;
}

interface Author {
  readonly by: string;
  readonly reason: string;
}

/** $1 class · $2 from · $3 to · $4 article · $5 of these articles only, null for all */
const MATCHING = `matching as (
  select counts.slot, counts.article_id, counts.class, counts.grain,
         case when $1 = 'box' then box_reads else reads end as reads, box_reads
  from read_counts counts left join articles article on article.id = counts.article_id
  where counts.slot >= $2 and counts.slot < $3
    and case $1::text when 'box' then box_reads > 0 when 'crowded' then class like 'crowded-%'
        else $1 is null or class in ($1, 'crowded-' || $1) end
    and ($4::text is null or counts.article_id = $4 or article.original_id = $4)
    and ($5::text[] is null or counts.article_id = any ($5))
)`;

/**
 * Takes out what the rule says. Where counts are kept by hours or days only, the period grows to whole ones; the answer
 * says the period that was taken. A dry run counts and changes nothing.
 */
export async function revokeViews(
  sql: Sql,
  asked: RevocationRule,
  zone: string,
  now: Date,
  author: Author | undefined,
): Promise<Revoked> {
  if (asked.from.getTime() >= asked.to.getTime()) throw new CodedError('usage-invalid', 'from must lie before to.');
  return await sql.transaction(async (tx) => {
    await holdArchives(tx);
    const rule = { ...asked, ...(await wholeRows(tx, asked, zone, now)) };
    if (author === undefined) return { ...rule, ...(await countMatching(tx, rule)), id: undefined };
    const { rows } = await tx.query<{ id: number }>(
      `insert into revocations (class, from_at, to_at, article_id, made_by, reason, made_at)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [rule.class ?? null, rule.from, rule.to, rule.article ?? null, author.by, author.reason, now],
    );
    const id = rows[0]?.id ?? 0;
    const { reads, articles } = await take(tx, id, rule, null);
    await noteCountChanges(tx, articles, now);
    return { ...rule, reads, articles: articles.length, id };
  });
}

/** Gives back what a revocation took. Throws `revocation-unknown` where it is none, or was undone before. */
export async function undoRevocation(sql: Sql, id: number, by: string, now: Date): Promise<Revoked> {
  return await sql.transaction(async (tx) => {
    await holdArchives(tx);
    const { rows } = await tx.query<RuleRow>(
      `update revocations set undone_at = $2, undone_by = $3 where id = $1 and undone_at is null
       returning id, class, from_at, to_at, article_id`,
      [id, now, by],
    );
    const rule = rows.map(ruleOf)[0];
    if (rule === undefined) throw new CodedError('revocation-unknown', `No revocation ${id} is in force.`);
    const { rows: given } = await tx.query<{ article_id: ArticleId; reads: number }>(
      `with taken as (
         delete from revoked_counts using revocations where revocation_id = $1 and id = $1 returning revoked_counts.*
       ), given as (
         select slot, coalesce(successor_id, taken.article_id) as article_id, class, grain,
                sum(reads)::int as reads, sum(box_reads)::int as box_reads
         from taken left join article_successors gone on gone.article_id = taken.article_id
         group by 1, 2, 3, 4
       ), added as (
         insert into read_counts (slot, article_id, reads, box_reads, class, grain)
         select slot, article_id, reads, box_reads, class, grain from given
         on conflict (slot, article_id, class, grain) do update
         set reads = read_counts.reads + excluded.reads, box_reads = read_counts.box_reads + excluded.box_reads
       )
       select article_id, sum(reads)::int as reads from given group by 1`,
      [id],
    );
    const articles = given.map((row) => row.article_id);
    const kept = await keepAll(tx, articles, rule.from, rule.to);
    await noteCountChanges(tx, [...articles, ...kept.articles], now);
    const reads = given.reduce((sum, row) => sum + row.reads, 0) - kept.reads;
    return { ...rule, id, reads, articles: articles.length };
  });
}

/**
 * After counts were added: takes what of it is revoked; gives the articles that had it. Call it in the same transaction, and
 * note that they changed together with all others that did.
 */
export async function keepRevoked(sql: Sql, added: readonly CountRow[]): Promise<readonly ArticleId[]> {
  if (added.length === 0) return [];
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { slot } of added) [first, last] = [Math.min(first, slot), Math.max(last, slot)];
  const timeOf = (slot: number) => new Date(slot * SLOT_SECONDS * 1000);
  const articles = [...new Set(added.map(({ article }) => article))] as ArticleId[];
  return (await keepAll(sql, articles, timeOf(first), timeOf(last + 1))).articles;
}

/** Lets the rules in force that touch the period take what of these articles is theirs, the oldest first. */
async function keepAll(sql: Sql, articles: readonly ArticleId[], from: Date, to: Date): Promise<TakenFrom> {
  const { rows } = await sql.query<RuleRow>(
    `select id, class, from_at, to_at, article_id from revocations
     where undone_at is null and from_at < $2 and to_at > $1 order by id`,
    [from, to],
  );
  if (rows.length === 0) return { reads: 0, articles: [] };
  const { rows: places } = await sql.query<{ id: ArticleId }>(
    `select distinct coalesce(successor_id, asked) as id
     from unnest($1::text[]) asked left join article_successors on article_id = asked`,
    [articles],
  );
  const ids = places.map(({ id }) => id);
  const kept: TakenFrom[] = [];
  for (const rule of rows) kept.push(await take(sql, rule.id, ruleOf(rule), ids));
  return { reads: kept.reduce((sum, { reads }) => sum + reads, 0), articles: kept.flatMap((one) => one.articles) };
}

interface TakenFrom {
  readonly reads: number;
  /** For the caller to note that they changed. */
  readonly articles: readonly ArticleId[];
}

async function take(
  sql: Sql,
  id: number,
  rule: RevocationRule,
  articles: readonly ArticleId[] | null,
): Promise<TakenFrom> {
  const { rows } = await sql.query<{ article_id: ArticleId; reads: number }>(
    `with ${MATCHING}, lessened as (
       update read_counts counts set reads = counts.reads - matching.reads, box_reads = counts.box_reads - matching.box_reads
       from matching
       where counts.slot = matching.slot and counts.article_id = matching.article_id
         and counts.class = matching.class and counts.grain = matching.grain
     ), kept as (
       insert into revoked_counts (revocation_id, slot, article_id, reads, box_reads, class, grain)
       select $6::bigint, slot, article_id, reads, box_reads, class, grain from matching
       on conflict (revocation_id, slot, article_id, class, grain) do update
       set reads = revoked_counts.reads + excluded.reads, box_reads = revoked_counts.box_reads + excluded.box_reads
     )
     select article_id, sum(reads)::int as reads from matching group by 1`,
    [...parametersOf(rule, articles), id],
  );
  if (rows.length === 0) return { reads: 0, articles: [] };
  const touched = rows.map((row) => row.article_id);
  await sql.query(
    'delete from read_counts where reads = 0 and slot >= $1 and slot < $2 and article_id = any ($3::text[])',
    [rule.from, rule.to, touched],
  );
  return { reads: rows.reduce((sum, row) => sum + row.reads, 0), articles: touched };
}

async function countMatching(sql: Sql, rule: RevocationRule): Promise<Taken> {
  const { rows } = await sql.query<Taken>(
    `with ${MATCHING}
     select coalesce(sum(reads), 0)::int as reads, count(distinct article_id)::int as articles from matching`,
    parametersOf(rule, null),
  );
  return rows[0] ?? { reads: 0, articles: 0 };
}

function parametersOf(rule: RevocationRule, articles: readonly ArticleId[] | null): unknown[] {
  return [rule.class ?? null, rule.from, rule.to, rule.article ?? null, articles];
}

/** The period in whole rows: slots for the last two days, then hours, then days. */
async function wholeRows(
  sql: Sql,
  { from, to }: RevocationRule,
  zone: string,
  now: Date,
): Promise<{ from: Date; to: Date }> {
  const bounds = await grainBounds(sql, zone, now);
  const start = (at: string) =>
    `case when ${at} < $3 then ${rowStart('day', at, '$5')} when ${at} < $4 then ${rowStart('hour', at, '$5')}
          else ${rowStart('slot', at, '$5')} end`;
  const { rows } = await sql.query<{ from: Date; to: Date }>(
    `with asked as (select $1::timestamptz as first, $2::timestamptz - interval '1 microsecond' as last)
     select ${start('first')} as from,
            case when last < $3 then (date_trunc('day', last at time zone $5) + interval '1 day') at time zone $5
                 when last < $4 then least(
                   date_trunc('hour', last, 'UTC') + interval '1 hour',
                   (date_trunc('day', last at time zone $5) + interval '1 day') at time zone $5
                 )
                 else date_bin('5 minutes', last, 'epoch') + interval '5 minutes' end as to
     from asked`,
    [from, to, bounds.hours, bounds.slots, zone],
  );
  return rows[0] ?? { from, to };
}

interface RuleRow {
  readonly id: number;
  readonly class: RevocableClass | null;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly article_id: ArticleId | null;
}

function ruleOf(row: RuleRow): RevocationRule {
  return { class: row.class ?? undefined, from: row.from_at, to: row.to_at, article: row.article_id ?? undefined };
}
