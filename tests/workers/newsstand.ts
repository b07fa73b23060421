import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HOUR, MINUTE } from '../../src/clock.ts';

/** Feeds on loopback that go on by a round whenever it is certain that the last one was stored: by its validator. */
export interface Newsstand {
  readonly urls: readonly string[];
  /** Requests that are not answered yet. */
  underWay(): number;
  /** Rounds that were stored, of all feeds. */
  stored(): number;
  /** Ends each feed two rounds from here; once all were stored, what must be known in the end. */
  finish(): Promise<readonly Expected[]>;
  close(): Promise<void>;
}

/** An article as it must be stored. Words and revisions of one that two feeds carry are of the feed that came first. */
export interface Expected {
  readonly url: string;
  readonly feeds: readonly number[];
  readonly titles: readonly string[];
  readonly revisions: number;
  /** Where the same text stands, too: one of both is the copy of the other. */
  readonly twin: string | null;
}

interface Item {
  readonly url: string;
  readonly guid: string;
  readonly link: string;
  readonly title: string;
  readonly summary: string;
  readonly date: Date;
  readonly twin: string | null;
}

const LISTED = 5;

export async function openNewsstand(feeds: number, random: () => number): Promise<Newsstand> {
  const start = Date.now() - 40 * HOUR;
  const rounds = Array.from({ length: feeds }, () => 0);
  let ends: readonly number[] | undefined;
  const ended = new Set<number>();
  let isOver = () => {};
  let [underWay, stored] = [0, 0];

  const server = createServer((request, response) => {
    underWay += 1;
    response.on('close', () => {
      underWay -= 1;
    });
    const feed = Number((request.url ?? '/').slice(1));
    const validator = () => `"${feed}-${rounds[feed]}"`;
    if (request.headers['if-none-match'] === validator()) {
      if (rounds[feed] === ends?.[feed]) {
        response.writeHead(304).end();
        if (ended.add(feed).size === feeds) isOver();
        return;
      }
      stored += 1;
      rounds[feed] = (rounds[feed] ?? 0) + 1;
    }
    const body = documentOf(itemsOf(feed, rounds[feed] ?? 0, start));
    response.writeHead(200, { 'content-type': 'application/rss+xml', etag: validator() });
    // In two pieces, so that some are cut off in the middle.
    response.write(body.slice(0, 300));
    setTimeout(() => response.end(body.slice(300)), 30 * random());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    urls: rounds.map((_, feed) => `http://127.0.0.1:${port}/${feed}`),
    underWay: () => underWay,
    stored: () => stored,
    async finish() {
      await new Promise<void>((resolve) => {
        isOver = resolve;
        ends = rounds.map((round) => round + 2);
      });
      return expectedOf(rounds, start);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * What a feed shows in a round: a new article, updates, every fifth article also in the neighbour's feed, every fourth an
 * agency's text that the neighbour has under a link of its own. By the feed's number guids are steady, new on each poll,
 * given again, or links have a token.
 */
function itemsOf(feed: number, round: number, start: number): Item[] {
  return Array.from({ length: LISTED }, (_, place) => itemIn(feed, round, place, start));
}

function itemIn(feed: number, round: number, place: number, start: number): Item {
  const n = round + LISTED - place;
  const kind = feed % 4;
  const pair = Math.floor(feed / 2);
  const isShared = n % 5 === 0;
  const isWire = !isShared && n % 4 === 0;
  const isUpdated = !isWire && n % 3 === 0 && place > 2;
  const owner = isShared || isWire ? `pair ${pair}` : `feed ${feed}`;
  const address = (whose: number) => `https://site-${whose}.example/${isWire ? 'wire' : 'own'}/${n}`;
  const url = isShared ? `https://both-${pair}.example/${n}` : address(feed);
  return {
    url,
    guid: [`g${n}`, `${round}/${n}`, `place ${place}`, `g${n}`][kind] ?? '',
    link: kind === 3 && !isShared ? `${url}?token=${round}` : url,
    title: `${words(`${owner} ${n} title`, 8)}${isUpdated ? ' (UPDATE 2)' : ''}`,
    summary: `${words(`${owner} ${n} text`, 30)}${isUpdated ? `, and ${words(`${n} more`, 5)}` : ''}.`,
    date: new Date(start + n * 7 * MINUTE),
    twin: isWire ? address(feed % 2 === 0 ? feed + 1 : feed - 1) : null,
  };
}

/** Some hundred thousand words of three syllables: with fewer, thousands of texts would be alike by chance. */
const [ONSETS, RHYMES] = ['b ch d f g h k l m n p r s t v z', 'a ai e en i o or u'].map((parts) => parts.split(' '));
const SYLLABLES = (ONSETS ?? []).flatMap((onset) => (RHYMES ?? []).map((rhyme) => onset + rhyme));

/** Words that no other text has. */
function words(of: string, count: number): string {
  let state = 7;
  for (const character of of) state = (Math.imul(state, 31) + character.charCodeAt(0)) >>> 0;
  const syllable = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return SYLLABLES[(state >>> 16) % SYLLABLES.length];
  };
  return Array.from({ length: count }, () => `${syllable()}${syllable()}${syllable()}`).join(' ');
}

function documentOf(items: readonly Item[]): string {
  const written = items.map(
    ({ guid, link, title, summary, date }) =>
      `<item><guid isPermaLink="false">${guid}</guid><link>${link}</link><title>${title}</title>` +
      `<description>${summary}</description><pubDate>${date.toUTCString()}</pubDate></item>`,
  );
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${written.join('')}</channel></rss>`;
}

/** A plain model: each article that was ever shown, with the words that it had one after the other. */
function expectedOf(rounds: readonly number[], start: number): Expected[] {
  const shown = new Map<string, { feeds: Set<number>; wordings: Map<number, string[]>; twin: string | null }>();
  for (const [feed, last] of rounds.entries()) {
    for (let round = 0; round <= last; round += 1) {
      for (const { url, title, twin } of itemsOf(feed, round, start)) {
        const article = shown.get(url) ?? { feeds: new Set(), wordings: new Map(), twin };
        const wordings = article.wordings.get(feed) ?? [];
        if (wordings.at(-1) !== title) wordings.push(title);
        article.feeds.add(feed);
        article.wordings.set(feed, wordings);
        shown.set(url, article);
      }
    }
  }
  return [...shown].map(([url, { feeds, wordings, twin }]) => ({
    url,
    feeds: [...feeds],
    titles: [...wordings.values()].flatMap((titles) => titles.slice(-1)),
    revisions: Math.max(...[...wordings.values()].map((titles) => titles.length)),
    twin,
  }));
}
