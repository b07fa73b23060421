import type { ParsedFeed } from '../entry.ts';
import { readLinkHeader } from '../link-header.ts';
import { urlProblem } from '../url.ts';

/** The feed with the hub and the name for itself that the Link header gives, which go before those in the document. */
export function withNamedHub(feed: ParsedFeed, linkHeader: string | undefined, url: string): ParsedFeed {
  const links = linkHeader === undefined ? [] : readLinkHeader(linkHeader, url);
  const named = (rel: string) => links.find((link) => link.rels.includes(rel))?.url;
  const hubUrl = usable(named('hub') ?? feed.hubUrl);
  return { ...feed, hubUrl, selfUrl: usable(named('self') ?? feed.selfUrl) };
}

/** A hub is asked under the same rules as a feed; what those refuse is none. */
function usable(url: string | null): string | null {
  return url === null || urlProblem(url) !== undefined ? null : url;
}
