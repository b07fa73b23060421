import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { wordsOf } from './words.ts';

/** An entry as its feed carries it now. */
export interface Entry {
  readonly guid: string;
  readonly path: string;
  title: string;
  readonly publishedAt: Date;
  /** The version of its feed that first had it. */
  readonly since: number;
}

/** What a publisher knows of his own feed. */
export interface Feed {
  readonly path: string;
  readonly category: string;
  /** Rises with each change; the validator `"v<version>"` stands for it. */
  version: number;
  readonly entries: Entry[];
  /** When it was asked for (ms). */
  readonly asked: number[];
}

/** Feeds on loopback that keep publishing and correcting, and the ledger of all that they ever carried. */
export interface Origin {
  readonly feeds: readonly Feed[];
  readonly url: string;
  readonly opml: string;
  /** No entry is published or changed from here on. */
  settle(): void;
  /** Requests from this moment (ms) on. */
  askedSince(time: number): number;
  close(): Promise<void>;
}

export interface OriginOptions {
  readonly feeds: number;
  /** New entries a second, of all feeds together. */
  readonly perSecond: number;
  /** Entries that each feed has from the beginning. */
  readonly entries: number;
}

const CATEGORIES = ['Politics', 'World', 'Sports', 'Science'];
/** Entries that a feed carries at most: more than it can publish while it is not polled. */
const CARRIED = 60;
const CORRECTED = 0.2;
const SLOWEST_MS = 500;

export async function openOrigin({ feeds: count, perSecond, entries }: OriginOptions): Promise<Origin> {
  let texts = 0;
  const feeds = Array.from({ length: count }, (_, n): Feed => {
    const category = CATEGORIES[n % CATEGORIES.length] ?? 'World';
    return { path: `/feeds/${n}.xml`, category, version: 1, entries: [], asked: [] };
  });
  const publish = (feed: Feed, publishedAt: Date) => {
    const text = texts++;
    const entry = { guid: `entry-${text}`, path: `/news/${text}`, title: wordsOf(text, 6), publishedAt };
    feed.entries.push({ ...entry, since: feed.version });
  };
  const anyFeed = () => feeds[Math.floor(Math.random() * feeds.length)] as Feed;
  for (const feed of feeds) {
    for (let n = 0; n < entries; n++) publish(feed, new Date(Date.now() - (entries - n) * 60_000));
  }
  const change = () => {
    const feed = anyFeed();
    feed.version++;
    const last = feed.entries.at(-1);
    if (last !== undefined && Math.random() < CORRECTED)
      last.title = `${last.title.replace(/ \(.*/, '')} (UPDATE ${feed.version})`;
    else publish(feed, new Date());
  };
  const timer = setInterval(change, 1000 / perSecond);

  const byPath = new Map(feeds.map((feed) => [feed.path, feed]));
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    const feed = byPath.get(request.url ?? '');
    if (feed === undefined) return void response.writeHead(404).end();
    // As long as publishers take, so that there are always polls under way.
    setTimeout(() => answer(feed, request, response, url), Math.random() * SLOWEST_MS);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return {
    feeds,
    url,
    opml: opmlOf(feeds, url),
    settle: () => clearInterval(timer),
    askedSince: (time) => feeds.reduce((sum, { asked }) => sum + asked.filter((at) => at >= time).length, 0),
    async close() {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(feed: Feed, request: IncomingMessage, response: ServerResponse, url: string): void {
  feed.asked.push(Date.now());
  const etag = `"v${feed.version}"`;
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
  const items = feed.entries
    .slice(-CARRIED)
    .map(
      ({ guid, path, title, publishedAt }) =>
        `<item><guid isPermaLink="false">${guid}</guid><link>${url}${path}</link><title>${title}</title><description>${title} ${guid}</description><pubDate>${publishedAt.toUTCString()}</pubDate></item>`,
    );
  const channel = `<channel><title>${feed.path}</title><link>${url}</link>${items.join('')}</channel>`;
  response.writeHead(200, { etag, 'content-type': 'application/rss+xml' }).end(`<rss version="2.0">${channel}</rss>`);
}

function opmlOf(feeds: readonly Feed[], url: string): string {
  const folders = CATEGORIES.map((category) => {
    const outlines = feeds
      .filter((feed) => feed.category === category)
      .map(({ path }) => `<outline type="rss" text="${path}" xmlUrl="${url}${path}"/>`);
    return `<outline text="${category}">${outlines.join('')}</outline>`;
  });
  return `<?xml version="1.0"?><opml version="2.0"><head/><body>${folders.join('')}</body></opml>`;
}
