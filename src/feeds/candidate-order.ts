import type { ParsedFeed } from './entry.ts';

/** A feed that a page leads to. */
export interface DiscoveredFeed {
  readonly url: string;
  /** The feed's own, or what the page calls it; may be empty. */
  readonly title: string;
  /** Null where nobody looked whether it is a feed: a page may declare a hundred. */
  readonly format: ParsedFeed['format'] | null;
  readonly language: string | null;
  readonly entries: number | null;
  /** `itself`: the URL is a feed; `link`: declared by the page or its Link header; `anchor`, `guess`: found otherwise. */
  readonly via: 'itself' | 'link' | 'anchor' | 'guess';
  /** Readers' comments, which nobody means who adds a site. */
  readonly isComments: boolean;
}

/** The page that leads to the feeds. */
export interface LeadingPage {
  readonly url: string;
  readonly language: string | null;
}

const COMMENTS =
  /\bcomm?ents?\b|commentaires?|comentarios?|comentários?|kommentare?\b|kommentar-|commenti\b|reacties|komentarz|коммента|コメント|评论|評論|댓글|\breplies\b/i;
const COMMENTS_PATH = /(?:^|[/=_-])comments?(?:$|[/._?&-])/i;

/** Parts of a feed's path that say only that it is one. */
const FEED_WORDS =
  /^(?:feeds?|rss2?|atom|rdf|xml|index|main|posts|default|all|latest|news|blog)?(?:\.(?:xml|rss|rdf|atom|json|php|aspx?))?$/i;

/** The larger, the worse, the first difference deciding. */
type Rank = readonly [comments: number, language: number, via: number, distance: number];

const VIA: Readonly<Record<DiscoveredFeed['via'], number>> = { itself: 0, link: 0, anchor: 1, guess: 1 };

/** Whether the feed's titles or its URL say that it carries comments. */
export function isCommentsFeed(url: string, ...titles: readonly string[]): boolean {
  const { pathname, search } = new URL(url);
  return COMMENTS_PATH.test(pathname + search) || titles.some((title) => COMMENTS.test(title));
}

/** Best first: no comments, the page's language, declared, close to the page's own path; the page's order otherwise. */
export function orderFeeds<Feed extends Ranked>(feeds: readonly Feed[], page: LeadingPage): Feed[] {
  const ranks = new Map(feeds.map((feed) => [feed, rankOf(feed, page)]));
  return feeds.toSorted((a, b) => compareRanks(ranks.get(a), ranks.get(b)));
}

/** The feed to take without asking: the only one, or one that is better than all others; never one of comments. */
export function clearBest(ordered: readonly DiscoveredFeed[], page: LeadingPage): DiscoveredFeed | null {
  const [first, second] = ordered.filter((feed) => feed.format !== null);
  if (first === undefined || first.isComments) return null;
  const isTied = second !== undefined && compareRanks(rankOf(first, page), rankOf(second, page)) === 0;
  return isTied ? null : first;
}

type Ranked = Pick<DiscoveredFeed, 'url' | 'language' | 'via' | 'isComments'>;

function rankOf(feed: Ranked, page: LeadingPage): Rank {
  const isForeign = primary(feed.language) !== '' && primary(page.language) !== '';
  return [
    feed.isComments ? 1 : 0,
    isForeign && primary(feed.language) !== primary(page.language) ? 1 : 0,
    VIA[feed.via],
    distance(new URL(feed.url), new URL(page.url)),
  ];
}

function compareRanks(a: Rank | undefined, b: Rank | undefined): number {
  const difference = a?.map((value, index) => value - (b?.[index] ?? 0)).find((value) => value !== 0);
  return difference ?? 0;
}

function primary(language: string | null): string {
  return language?.split(/[-_]/, 1)[0]?.toLowerCase() ?? '';
}

/** Steps from the page's place to what the feed covers: 0 for `/politics/rss.xml` of `/politics/`. */
function distance(feed: URL, page: URL): number {
  const from = segments(page);
  const to = segments(feed).filter((part) => !FEED_WORDS.test(part));
  const shared = from.findIndex((part, index) => part !== to[index]);
  const common = shared < 0 ? from.length : shared;
  return from.length - common + (to.length - common);
}

function segments({ pathname }: URL): string[] {
  return pathname.split('/').filter((part) => part !== '');
}
