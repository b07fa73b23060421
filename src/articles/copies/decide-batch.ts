import type { Sql } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';
import { type Accepted, findAccepted, type Storing } from './candidates.ts';
import { type Group, joinGroups, mayJoin, readGroups } from './groups.ts';
import type { Unmatched } from './unmatched.ts';

/** An article that has another original than before. */
export interface Placement {
  readonly id: ArticleId;
  readonly original: ArticleId;
  readonly was: ArticleId;
}

/**
 * Stores fingerprints, and decides on originals in the order in which they are given: each joins the group of the article
 * that it is most like, and no other (to join all that are alike links too much). Answers what changes.
 */
export async function decideBatch(sql: Sql, storing: Storing, articles: readonly Unmatched[]): Promise<Placement[]> {
  const accepted = await findAccepted(sql, storing, new Set(articles));
  if (accepted.size === 0) return [];
  const concerned = [...accepted].flatMap(([{ id }, found]) => [id, ...found.map(({ root }) => root)]);
  const groups = membership(await readGroups(sql, concerned), articles);
  const before = new Map([...groups].map(([id, { root }]) => [id, root]));
  const undecided = new Set(articles.filter(({ isNew }) => isNew).map(({ id }) => id));
  for (const article of articles) {
    undecided.delete(article.id);
    // One that is as new and comes later will find this one.
    const found = (accepted.get(article) ?? []).filter(({ id }) => !undecided.has(id));
    joinBest(groups, article, found);
  }
  return [...groups]
    .map(([id, { root }]) => ({ id, original: root, was: before.get(id) ?? id }))
    .filter(({ original, was }) => original !== was);
}

type Membership = Map<ArticleId, Group>;

/** The group of each article. Those of new articles are younger than all others. */
function membership(groups: ReadonlyMap<ArticleId, Group>, articles: readonly Unmatched[]): Membership {
  const fresh = new Set(articles.filter(({ isNew }) => isNew).map(({ id }) => id));
  return new Map(
    [...groups.values()].flatMap((group) => {
      const aged = fresh.has(group.root) ? { ...group, since: Number.POSITIVE_INFINITY } : group;
      return group.members.map((id) => [id, aged] as const);
    }),
  );
}

function joinBest(groups: Membership, article: Unmatched, found: readonly Accepted[]): void {
  for (const { id } of [...found].sort(byLikeness)) {
    const [own, other] = [groups.get(article.id), groups.get(id)];
    if (own === undefined || other === undefined) continue;
    if (own === other) return;
    if (!mayJoin(own, other)) continue;
    const both = isSenior(own, other) ? joinGroups(own, other) : joinGroups(other, own);
    for (const member of both.members) groups.set(member, both);
    return;
  }
}

function byLikeness(a: Accepted, b: Accepted): number {
  return b.likeness - a.likeness || (a.id < b.id ? -1 : 1);
}

/** Who was matched first stays the original, whenever it was published: nothing that lists show is replaced. */
function isSenior(a: Group, b: Group): boolean {
  return a.since === b.since ? a.root < b.root : a.since < b.since;
}
