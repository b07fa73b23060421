import { saveArticles } from '../../src/articles/save.ts';
import type { Sql } from '../../src/engines/sql.ts';
import type { Entry } from '../../src/feeds/entry.ts';
import { feedId } from '../../src/ids.ts';
import { entryOf, later } from './entries.ts';

export const FEEDS = 8;
export const ROUNDS = 16;

const LISTED = 5;

/**
 * What a feed shows in a round: new articles, some of them in two feeds, updates, and what a feed may do to its keys. By
 * the feed's number: steady, guids new on each poll, guids given again, tokens in links.
 */
export function draftOfRound(feed: number, round: number): Entry[] {
  return Array.from({ length: LISTED }, (_, place) => entryIn(feed, round, round + LISTED - place, place));
}

function entryIn(feed: number, round: number, n: number, place: number): Entry {
  const isShared = n % 5 === 0;
  const owner = isShared ? `shared/${feed % 2}` : String(feed);
  const guids = [`g${n}`, `${round}/${n}`, `place ${place}`, `g${n}`];
  const isUpdated = n % 3 === 0 && place > 2;
  return entryOf({
    guid: guids[feed % guids.length] ?? null,
    url: `https://example.com/${owner}/${n}`,
    title: `Number ${n} of ${owner} has happened${isUpdated ? ' (UPDATE 2)' : ''}`,
    summary: `What was said of number ${n}${isUpdated ? ' and of what followed' : ''}.`,
    publishedAt: later(-5000 + n * 37),
  });
}

/** Stores the next round of a feed together with the note that it is done; false where all are. */
export async function storeRound(sql: Sql, feed: number): Promise<boolean> {
  const { rows } = await sql.query<{ round: number }>('select round from progress where feed = $1', [feed]);
  const round = rows[0]?.round ?? ROUNDS;
  if (round >= ROUNDS) return false;
  await sql.transaction(async (within) => {
    const carrying = { id: feedId(feed + 1), host: 'example.com' };
    await saveArticles(within, carrying, draftOfRound(feed, round), later(round * 70));
    await within.query('update progress set round = $2 where feed = $1 and round = $3', [feed, round + 1, round]);
  });
  return true;
}
