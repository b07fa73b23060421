import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { hasTrustedGuid } from './aliases.ts';
import type { CarryingFeed } from './draft.ts';
import type { Candidate } from './identify.ts';
import type { AliasKey } from './keys.ts';
import type { Known, Lookup } from './match.ts';
import { isReusedGuid, isSameWords, type Upheaval } from './same-article.ts';
import { isSameTitle } from './same-title.ts';

/** A candidate and the article that it is, if it is stored. `isReuse`: its guid stands for another; `isWeak`: only its words tell. */
export interface Resolved {
  readonly candidate: Candidate;
  readonly known: Known | undefined;
  readonly isReuse: boolean;
  readonly isWeak: boolean;
}

/** What the keys of one candidate lead to, before it is known which of them can be believed. */
interface Proposal {
  readonly candidate: Candidate;
  /** By guid and link together. */
  readonly entry: Known | undefined;
  readonly guid: Known | undefined;
  readonly url: Known | undefined;
  readonly content: Known | undefined;
  readonly path: Known | undefined;
}

/** So much of a stored text is compared. */
const COMPARED = 4096;

/** Decides for all candidates of a document which article they are. Texts are read only where they decide. */
export async function resolveCandidates(
  sql: Sql,
  feed: CarryingFeed,
  candidates: readonly Candidate[],
  lookup: Lookup,
): Promise<Resolved[]> {
  const proposals = candidates.map((candidate) => propose(candidate, lookup));
  const texts = await readTexts(sql, proposals);
  const textOf = (known: Known) => () => texts.get(known.id) ?? '';
  const byUrl = new Map(proposals.flatMap(({ url, candidate }) => (url === undefined ? [] : [[url.id, candidate]])));
  const strong = proposals.map((proposal) => {
    const { candidate, entry, guid, url } = proposal;
    const isReuse = isDoubtful(proposal) && guid !== undefined && isOther(guid);
    return { proposal, known: entry ?? (isReuse ? url : (guid ?? url)), isReuse };

    function isOther(owner: Known): boolean {
      // It stands at the link of another article, or another entry at this one's: then it must at least say so.
      const isSaid = isSameTitle(owner.title, candidate.draft.title);
      if (url !== undefined && url !== owner && !isSaid) return true;
      const atItsLink = byUrl.get(owner.id);
      if (atItsLink !== undefined && atItsLink !== candidate && !isSaid) return true;
      return isReusedGuid(candidate.draft, owner, feed.host, textOf(owner));
    }
  });
  const claimed = new Set(strong.flatMap(({ known }) => (known === undefined ? [] : [known.id])));
  const upheaval = upheavalOf(strong, claimed, lookup);
  return strong.map(({ proposal, known, isReuse }) => {
    const { candidate } = proposal;
    if (known !== undefined) return { candidate, known, isReuse, isWeak: false };
    const same = (['content', 'path'] as const)
      .map((by) => ({ by, found: proposal[by] }))
      .find(
        ({ by, found }) =>
          found !== undefined &&
          !claimed.has(found.id) &&
          isSameWords(candidate.draft, found, by, feed.host, upheaval, textOf(found)),
      )?.found;
    if (same !== undefined) claimed.add(same.id);
    return { candidate, known: same, isReuse: isReuse && same === undefined, isWeak: same !== undefined };
  });
}

function propose(candidate: Candidate, lookup: Lookup): Proposal {
  const { draft, entries, guids, urls, weak } = candidate;
  const first = (keys: readonly AliasKey[]) =>
    keys
      .filter((key) => !lookup.shared.has(key))
      .map((key) => lookup.articles.get(key))
      .find((known) => known !== undefined);
  const weakly = (key: AliasKey) => (weak.includes(key) ? lookup.articles.get(key) : undefined);
  return {
    candidate,
    entry: first(entries),
    guid: hasTrustedGuid(candidate, lookup) ? first(guids) : undefined,
    url: first([draft.placeKey, ...urls]),
    content: weakly(draft.contentKey),
    path: weakly(draft.pathKey),
  };
}

/** Whether the guid alone says which article it is, and says it of other words. */
function isDoubtful({ candidate, entry, guid, url }: Proposal): boolean {
  if (entry !== undefined || guid === undefined || guid === url || !candidate.draft.hasGuid) return false;
  return candidate.draft.url !== null || candidate.draft.title !== guid.title;
}

async function readTexts(sql: Sql, proposals: readonly Proposal[]): Promise<Map<ArticleId, string>> {
  const wanted = proposals.flatMap((proposal) => {
    const { entry, guid, url, content, path } = proposal;
    if (isDoubtful(proposal)) return [guid, content, path];
    return (entry ?? guid ?? url) === undefined ? [content, path] : [];
  });
  const ids = new Set(wanted.flatMap((known) => (known === undefined ? [] : [known.id])));
  if (ids.size === 0) return new Map();
  const { rows } = await sql.query<{ id: ArticleId; text: string }>(
    `select id, left(summary, ${COMPARED}) as text from articles where id = any ($1::text[])`,
    [[...ids]],
  );
  return new Map(rows.map(({ id, text }) => [id, text]));
}

/** How many words that are known stand under keys that are not: many at once is a feed whose keys are new each time. */
function upheavalOf(
  strong: readonly { readonly proposal: Proposal; readonly known: Known | undefined }[],
  claimed: ReadonlySet<ArticleId>,
  { trust }: Lookup,
): Upheaval {
  const moved = new Set<ArticleId>();
  for (const { proposal, known } of strong) {
    const found = proposal.content ?? proposal.path;
    if (known === undefined && found !== undefined && !claimed.has(found.id)) moved.add(found.id);
  }
  return {
    isVolatile: trust === 'changing' || (moved.size >= 2 && moved.size > claimed.size),
    isTotal: moved.size >= 3 && claimed.size === 0 && moved.size * 2 >= strong.length,
  };
}
