import { messageOf } from '../errors.ts';
import { clearBest, type DiscoveredFeed, isCommentsFeed, type LeadingPage, orderFeeds } from './candidate-order.ts';
import type { ParsedFeed } from './entry.ts';
import { type FetchAnswer, fetchFeed } from './fetch.ts';
import { readLinkHeader } from './link-header.ts';
import { isFeedLink, type PageLink } from './parse/page-links.ts';
import type { PollTools } from './poll.ts';
import { hostOf, readFeedUrl, urlProblem } from './url.ts';
import { guessUrls } from './well-known.ts';

/** The feeds that a URL leads to. */
export interface DiscoveredFeeds {
  /** Best first; where a page declares many, those that were not looked at come last, with `format` null. */
  readonly feeds: readonly DiscoveredFeed[];
  /** The one to add without asking; null where a person has to choose, or where there is none. */
  readonly best: DiscoveredFeed | null;
  /** Why there is none and what to do; null where there are some. */
  readonly message: string | null;
}

/** Requests that one discovery makes at most, the page's own included. */
const MAX_VISITS = 20;
/** Of what a page declares, how many are looked at. */
const MAX_DECLARED = 8;
const MAX_ANCHORS = 6;
const MAX_UNSEEN = 50;

const PLAIN = { etag: null, lastModified: null, requestHeaders: {}, basicAuth: null, userAgent: null };

type Visit =
  | { readonly kind: 'feed'; readonly url: string; readonly feed: ParsedFeed }
  | { readonly kind: 'page'; readonly message: string; readonly page: LeadingPage; readonly links: readonly PageLink[] }
  /** `isFinal`: further requests would not help, or would be impolite. */
  | { readonly kind: 'nothing'; readonly message: string; readonly isFinal: boolean };

interface Search {
  readonly tools: PollTools;
  readonly now: Date;
  readonly signal: AbortSignal;
  visits: number;
  isOver: boolean;
}

/**
 * The feeds of a page: those that it declares, else what looks like a link to one, else what answers at the places where
 * feeds usually are; a feed's own URL gives that feed. Each is fetched and read within the limits of a poll, out of the
 * host's budget, and twice the time of one poll for all together. Throws CodedError `feed-url-invalid`; stores nothing.
 */
export async function discoverFeeds(tools: PollTools, url: string, now: Date): Promise<DiscoveredFeeds> {
  const signal = AbortSignal.timeout(tools.client.limits.totalMs * 2);
  const search: Search = { tools, now, signal, visits: 0, isOver: false };
  const start = readFeedUrl(url).url;
  const first = await visit(search, start);
  if (first.kind === 'feed') return found([discovered(first, 'itself')], { url: start, language: first.feed.language });
  if (first.kind === 'nothing' && first.isFinal) return { feeds: [], best: null, message: first.message };
  const page = first.kind === 'page' ? first.page : { url: start, language: null };
  const links = first.kind === 'page' ? first.links : [];
  const stages = [
    () =>
      lookAt(
        search,
        page,
        links.filter(({ via }) => via === 'link'),
        MAX_DECLARED,
      ),
    () =>
      lookAt(
        search,
        page,
        links.filter(({ via }) => via === 'anchor'),
        MAX_ANCHORS,
      ),
    () => guess(search, page.url),
  ];
  for (const stage of stages) {
    const feeds = await stage();
    if (feeds.length > 0) return found(feeds, page);
  }
  return { feeds: [], best: null, message: nothingFound(first.message, search) };
}

function found(feeds: readonly DiscoveredFeed[], page: LeadingPage): DiscoveredFeeds {
  const ordered = orderFeeds(feeds, page);
  return {
    feeds: [...ordered.filter(isSeen), ...ordered.filter((feed) => !isSeen(feed))],
    best: clearBest(ordered, page),
    message: null,
  };
}

const isSeen = ({ format }: DiscoveredFeed): boolean => format !== null;

function nothingFound(message: string, { isOver }: Search): string {
  return isOver
    ? `${message} Not all places were looked at: the site was slow or had been asked often; try again later.`
    : `${message} No feed was found there; give the URL of the feed itself.`;
}

/** Looks at the best of the links. Where none of those is a feed, the others are not either. */
async function lookAt(
  search: Search,
  page: LeadingPage,
  links: readonly PageLink[],
  limit: number,
): Promise<DiscoveredFeed[]> {
  const candidates = orderFeeds(
    links.map((link) => ({ ...link, isComments: isCommentsFeed(link.url, link.title) })),
    page,
  );
  const feeds: Known[] = [];
  for (const link of candidates.slice(0, limit)) await addSeen(search, feeds, link.url, link.via, link.title);
  if (feeds.length === 0) return [];
  const unseen = candidates.slice(limit, limit + MAX_UNSEEN);
  return [
    ...feeds.map(({ found }) => found),
    ...unseen.map(({ url, title, language, via, isComments }) => ({
      ...{ url, title, language, via, isComments, format: null, entries: null },
    })),
  ];
}

async function guess(search: Search, pageUrl: string): Promise<DiscoveredFeed[]> {
  const feeds: Known[] = [];
  for (const url of guessUrls(pageUrl)) {
    await addSeen(search, feeds, url, 'guess', '');
    if (feeds.length > 0) break;
  }
  return feeds.map(({ found }) => found);
}

interface Known {
  readonly found: DiscoveredFeed;
  /** Equal for the same feed in another format or at another URL. */
  readonly twin: string;
}

async function addSeen(
  search: Search,
  feeds: Known[],
  url: string,
  via: DiscoveredFeed['via'],
  title: string,
): Promise<void> {
  const seen = await visit(search, url);
  if (seen.kind !== 'feed') return;
  const [first] = seen.feed.entries;
  const twin = first?.url == null ? seen.url : `${seen.feed.title}\n${first.url}`;
  if (feeds.some((other) => other.twin === twin || other.found.url === seen.url)) return;
  feeds.push({ found: discovered(seen, via, title), twin });
}

function discovered({ url, feed }: Visit & { kind: 'feed' }, via: DiscoveredFeed['via'], title = ''): DiscoveredFeed {
  return {
    ...{ url, title: feed.title || title, format: feed.format, language: feed.language },
    ...{ entries: feed.entries.length, via, isComments: isCommentsFeed(url, feed.title, title) },
  };
}

/** One request out of the host's budget. What goes wrong is a value; a host that wants no more ends the search. */
async function visit(search: Search, url: string): Promise<Visit> {
  const nothing = (message: string, isFinal: boolean): Visit => ({ kind: 'nothing', message, isFinal });
  if (search.isOver || search.visits >= MAX_VISITS) return nothing('Enough places were looked at.', true);
  const problem = urlProblem(url);
  if (problem !== undefined) return nothing(problem, true);
  search.visits++;
  const wait = await search.tools.budget.take(hostOf(new URL(url)), search.now);
  if (wait > 0) {
    search.isOver = true;
    return nothing(`The host was asked often just now; try again in ${Math.ceil(wait)} seconds.`, true);
  }
  try {
    const answer = await fetchFeed(
      search.tools.client,
      { ...PLAIN, url, admit: admission(search, url) },
      search.signal,
    );
    if (answer.kind === 'failed') return nothing(answer.message, true);
    return await readVisit(search, answer, url);
  } catch (error) {
    search.isOver = true;
    return nothing(search.signal.aborted ? 'The site took too long.' : messageOf(error), true);
  }
}

/** A redirect to another host is paid for by that host. */
function admission({ tools, now }: Search, url: string): (to: URL) => Promise<number> {
  const host = hostOf(new URL(url));
  return async (to) => (hostOf(to) === host ? 0 : tools.budget.take(hostOf(to), now));
}

/** Answers that a page may give to programs while its feeds are open to all. */
const KEPT_OUT: ReadonlySet<number> = new Set([401, 403, 406]);

async function readVisit(search: Search, answer: FetchAnswer, url: string): Promise<Visit> {
  const { status, headers, body } = answer;
  if (status === 429 || status === 503) search.isOver = true;
  if (status < 200 || status > 299) {
    return { kind: 'nothing', message: `The server answered ${status}.`, isFinal: !KEPT_OUT.has(status) };
  }
  const contentType = headers['content-type'] ?? null;
  const read = await search.tools.reader.read(body, { contentType, url: answer.url, defaultZone: null });
  if (read.kind === 'feed') return { kind: 'feed', url: answer.movedTo ?? url, feed: read.feed };
  if (read.kind === 'failed') return { kind: 'nothing', message: read.message, isFinal: true };
  const page = { url: answer.url, language: read.page?.language ?? headers['content-language'] ?? null };
  return { kind: 'page', message: read.message, page, links: linksOf(answer, read.page?.links ?? []) };
}

/** What the Link header declares counts as much as what the page does, and comes first. */
function linksOf({ headers, url }: FetchAnswer, links: readonly PageLink[]): PageLink[] {
  const declared = readLinkHeader(headers['link'], url)
    .filter(({ rels, type }) => isFeedLink(rels, type?.split(';', 1)[0]?.trim().toLowerCase() ?? ''))
    .map(({ url, title, language }): PageLink => ({ url, via: 'link', title: title ?? '', language }));
  const urls = new Set(declared.map((link) => link.url));
  return [...declared, ...links.filter((link) => !urls.has(link.url))];
}
