import { findCounted } from '../articles/store.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type IdPage, idInCursor, idPage } from '../id-page.ts';
import { type ArticleId, parseArticleId } from '../ids.ts';
import { type Curation, type CurationRule, PINNED_KINDS } from './curation.ts';
import { LIST_ITEMS } from './list.ts';

/** A decision as it stands in the log. */
export interface CurationRecord extends Curation {
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
  readonly expiresAt: Date | null;
  /** When somebody ended it before that. */
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
}

/** A decision to be made. */
export interface NewCuration extends CurationRule {
  readonly by: string;
  readonly reason: string;
  readonly expiresAt: Date | null;
}

const COLUMNS = `id, action, target, value, kind, scope, place, made_by as "by", reason, made_at as at,
  expires_at as "expiresAt", ended_at as "endedAt", ended_by as "endedBy"`;

/** Said of decisions of whatever is longer: no title is. */
/** The last time that is written with four digits of a year. */
const FARTHEST = new Date('9999-12-31T00:00:00Z');
const MAX_VALUE = 256;

/**
 * The decisions in force at a time, now or in the past. One about a copy, or a removed article that another took the place
 * of, is about the article that stands in lists for it.
 */
export async function readCurations(sql: Sql, at: Date): Promise<Curation[]> {
  const { rows } = await sql.query<Curation>(
    `select curations.id, action, target, kind, scope, place, coalesce(article.original_id, successor_id, value) as value
     from curations
     left join article_successors on target = 'article' and article_id = value
     left join articles article on target = 'article' and article.id = coalesce(successor_id, value)
     where made_at <= $1 and coalesce(expires_at > $1, true) and coalesce(ended_at > $1, true)
     order by curations.id`,
    [at],
  );
  return rows;
}

/** Makes a decision; gives it as it stands in the log. Throws where it makes no sense. */
export async function addCuration(sql: Sql, asked: NewCuration, now: Date): Promise<CurationRecord> {
  refuseNonsense(asked, now);
  const { action, target, kind, scope, place, by, reason, expiresAt } = asked;
  const value = target === 'article' ? await knownArticle(sql, asked.value) : asked.value.trim();
  const categories = [
    ...(target === 'category' ? [value] : []),
    ...(scope !== null && scope !== 'site' ? [scope] : []),
  ];
  for (const category of categories) await refuseUnknownCategory(sql, category);
  const { rows } = await sql.query<CurationRecord>(
    `insert into curations (action, target, value, kind, scope, place, made_by, reason, made_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${COLUMNS}`,
    [action, target, value, kind, scope, place, by, reason, now, expiresAt],
  );
  const [made] = rows;
  if (made === undefined) throw new Error('an insert gave no row');
  return made;
}

/** Ends a decision that is in force. Throws `curation-unknown` where there is none of this id. */
export async function endCuration(sql: Sql, id: number, by: string, now: Date): Promise<CurationRecord> {
  const { rows } = await sql.query<CurationRecord>(
    `update curations set ended_at = $2, ended_by = $3
     where id = $1 and ended_at is null and coalesce(expires_at > $2, true) returning ${COLUMNS}`,
    [id, now, by],
  );
  const [ended] = rows;
  if (ended !== undefined) return ended;
  throw new CodedError('curation-unknown', `No decision ${id} is in force.`);
}

/** The log, the newest first: what is in force, or all that was ever decided. */
export async function listCurations(
  sql: Sql,
  { all, limit, cursor }: { readonly all: boolean; readonly limit: number; readonly cursor?: string },
  now: Date,
): Promise<IdPage<CurationRecord>> {
  const { rows } = await sql.query<CurationRecord>(
    `select ${COLUMNS} from curations
     where ($1 or (ended_at is null and coalesce(expires_at > $2, true))) and ($4::bigint is null or id < $4)
     order by id desc limit $3::integer + 1`,
    [all, now, limit, idInCursor(cursor)],
  );
  return idPage(rows, limit);
}

function refuseNonsense(asked: NewCuration, now: Date): void {
  const nonsense = nonsenseIn(asked, now) ?? (asked.action === 'pin' ? nonsenseInPin(asked) : undefined);
  if (nonsense !== undefined) throw new CodedError('curation-invalid', nonsense);
}

function nonsenseIn({ action, target, value, place, expiresAt }: NewCuration, now: Date): string | undefined {
  if (value.trim() === '' || value.length > MAX_VALUE) return `A ${target} has 1 to ${MAX_VALUE} characters.`;
  if (target === 'word' && !/[\p{L}\p{N}]/u.test(value)) return 'A word has a letter or a digit.';
  if (expiresAt !== null && !(expiresAt > now && expiresAt < FARTHEST)) return 'What expires must do so in the future.';
  return action === 'exclude' && place !== null ? 'What is left out has no place.' : undefined;
}

function nonsenseInPin({ target, kind, place }: NewCuration): string | undefined {
  if (target !== 'article') return 'Only articles can be pinned.';
  if (kind !== null && !PINNED_KINDS.includes(kind)) return `Pins are for lists of ${PINNED_KINDS.join(' and ')}.`;
  const isPlace = place !== null && Number.isInteger(place) && place >= 1 && place <= LIST_ITEMS;
  return isPlace ? undefined : `A pin has a place from 1 to ${LIST_ITEMS}.`;
}

/** The article that lists show for this one. */
async function knownArticle(sql: Sql, text: string): Promise<ArticleId> {
  const id = parseArticleId(text);
  const found = id && (await findCounted(sql, [id])).get(id);
  if (found === undefined) throw new CodedError('article-unknown', `There is no article ${text.slice(0, 64)}.`);
  return found.id;
}

async function refuseUnknownCategory(sql: Sql, slug: string): Promise<void> {
  const { rows } = await sql.query('select from categories where slug = $1', [slug]);
  if (rows.length === 0) throw new CodedError('category-unknown', `There is no category ${slug.slice(0, 64)}.`);
}
