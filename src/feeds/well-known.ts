/** Where feeds usually are, the most common first: WordPress, static generators, Ghost, Blogger, Drupal, Jekyll. */
const AT_ROOT = [
  'feed',
  'rss.xml',
  'feed.xml',
  'atom.xml',
  'index.xml',
  'rss',
  'feed.json',
  'feeds/posts/default',
  'feeds',
  'rss/index.xml',
];
const AT_PAGE = ['feed', 'rss.xml', 'index.xml', 'feed.xml', 'atom.xml'];
const MAX_GUESSES = 12;

/** URLs at which the feed of a page's site may be: beside the page first, then at the root; twelve at most. */
export function guessUrls(pageUrl: string): string[] {
  const { origin, pathname } = new URL(pageUrl);
  const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
  const beside = folder === '/' ? [] : AT_PAGE.map((name) => `${origin}${folder}${name}`);
  return [...new Set([...beside, ...AT_ROOT.map((name) => `${origin}/${name}`)])].slice(0, MAX_GUESSES);
}

const FEED_LIKE = /(?:^|[/._?&=-])(?:rss2?|atom|feeds?|rdf|xml|json)(?:$|[/._?&=-])/i;

/** Whether a URL looks like that of a feed, not of a page: then there is nothing to discover. */
export function looksLikeFeed(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, pathname, search } = new URL(url);
  return /^(?:feeds?|rss)\d*\./i.test(hostname) || FEED_LIKE.test(pathname + search);
}
