import { CodedError } from '../errors.ts';
import type { CategorySlug } from '../ids.ts';
import { LIST_KINDS, type ListKey, type Scope, type Snapshot } from '../ranking/list.ts';
import type { Lists } from './lists.ts';
import { DEFAULT_WINDOW, type RankingQuery } from './schemas/ranking.ts';
import { parseTime } from './time.ts';

/** The list that a request names, now or at a moment. Throws `list-unknown`, `category-unknown` or `request-invalid`. */
export async function findList(lists: Lists, kind: string, query: RankingQuery): Promise<Snapshot> {
  const key = keyOf(kind, query);
  const name = key.scope === 'site' ? undefined : await nameOfCategory(lists, key.scope);
  return query.at === undefined ? lists.current(key, name) : lists.at(key, name, timeOf(query.at));
}

/** The key of the list that a request names. Throws `list-unknown` or `category-unknown`. */
export function keyOf(
  kindText: string,
  { category, window = DEFAULT_WINDOW }: Pick<RankingQuery, 'category' | 'window'>,
): ListKey {
  const kind = LIST_KINDS.find((known) => known === kindText);
  if (kind === undefined) throw new CodedError('list-unknown', `Lists are ${LIST_KINDS.join(', ')}.`);
  // An empty form field means the whole site.
  const scope = category === undefined || category === '' ? 'site' : (category as CategorySlug);
  if (category === 'site') throw new CodedError('category-unknown', 'Leave category out for the whole site.');
  return { kind, scope, window: kind === 'access' ? window : null };
}

/** The scope that a query names. Throws `category-unknown`. */
export async function scopeOf(lists: Pick<Lists, 'categoryName'>, category: string | undefined): Promise<Scope> {
  if (category === undefined || category === '') return 'site';
  await nameOfCategory(lists, category);
  return category as CategorySlug;
}

/** The category's name. Throws `category-unknown`. */
export async function nameOfCategory(lists: Pick<Lists, 'categoryName'>, slug: string): Promise<string> {
  const name = await lists.categoryName(slug);
  if (name === undefined) {
    const message = `There is no category ${slug.slice(0, 64)}: GET /v1/categories names them all.`;
    throw new CodedError('category-unknown', message);
  }
  return name;
}

function timeOf(text: string): Date {
  const at = parseTime(text);
  if (at === undefined) throw new CodedError('request-invalid', '"at" must be a time such as 2026-01-31T09:00:00Z.');
  return at;
}
