/**
 * Who belongs to whom while a batch is being decided: an original with its copies is a group. A group has no two articles
 * that one feed carried (a feed's entries are different articles, or revisions of one) and none that a person put apart.
 */
import { readFileSync } from 'node:fs';
import { PREPARED, type Sql } from '../../engines/sql.ts';
import type { ArticleId, FeedId } from '../../ids.ts';

const READ_GROUPS = readFileSync(new URL('./read-groups.sql', import.meta.url), 'utf8');

export interface Group {
  /** The original. */
  readonly root: ArticleId;
  /** When the original was matched first, in milliseconds; earlier than all where that is forgotten. */
  readonly since: number;
  readonly members: readonly ArticleId[];
  readonly feeds: ReadonlySet<FeedId>;
  /** Articles that a person put apart from a member. */
  readonly apart: ReadonlySet<ArticleId>;
}

interface Row {
  readonly id: ArticleId;
  readonly root: ArticleId;
  readonly feeds: readonly FeedId[];
  readonly apart: readonly ArticleId[];
  readonly known_since: Date | null;
}

/** The groups of these originals, by original. */
export async function readGroups(sql: Sql, roots: readonly ArticleId[]): Promise<Map<ArticleId, Group>> {
  const { rows } = await sql.query<Row>(READ_GROUPS, [[...new Set(roots)]], PREPARED);
  const groups = new Map<ArticleId, Group>();
  for (const { id, root, feeds, apart, known_since } of rows) {
    const since = id === root ? (known_since?.getTime() ?? Number.NEGATIVE_INFINITY) : Number.POSITIVE_INFINITY;
    const one = { root, since, members: [id], feeds: new Set(feeds), apart: new Set(apart) };
    const other = groups.get(root);
    groups.set(root, other === undefined ? one : joinGroups(other, one));
  }
  return groups;
}

/** Both as one, of which the first's original is that of all. */
export function joinGroups(a: Group, b: Group): Group {
  return {
    root: a.root,
    since: Math.min(a.since, b.since),
    members: [...a.members, ...b.members],
    feeds: new Set([...a.feeds, ...b.feeds]),
    apart: new Set([...a.apart, ...b.apart]),
  };
}

/** Whether both may be one group. */
export function mayJoin(a: Group, b: Group): boolean {
  for (const feed of a.feeds) if (b.feeds.has(feed)) return false;
  return !a.members.some((id) => b.apart.has(id)) && !b.members.some((id) => a.apart.has(id));
}
