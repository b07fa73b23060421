import { findRevised } from '../articles/revised.ts';
import { MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';

/** A poll dates what it stores by its beginning, by a clock of another machine. */
const LOOK_BACK = 2 * MINUTE;

/** Tells which articles were revised since it was last asked; at first, which were lately. */
export function openRevisions(sql: Sql): (now: Date) => Promise<readonly ArticleId[]> {
  let seen: ReadonlyMap<ArticleId, number> = new Map();
  return async (now) => {
    const found = await findRevised(sql, new Date(now.getTime() - LOOK_BACK));
    const revised = found.filter(({ id, at }) => seen.get(id) !== at.getTime());
    seen = new Map(found.map(({ id, at }) => [id, at.getTime()]));
    return revised.map(({ id }) => id);
  };
}
