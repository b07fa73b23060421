import { type Matched, matchArticles } from '../src/articles/copies/match-articles.ts';
import type { Clock } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import type { Metrics } from '../src/metrics.ts';
import type { JobQueue } from '../src/queues/open.ts';

interface Tools {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'articles'>;
}

/** Looks for copies and stories of all articles that wait for it. */
export function matchArticlesJob({ sql, clock, metrics }: Tools) {
  return async (): Promise<Matched> => {
    const matched = await matchArticles(sql, clock());
    metrics.articles.inc({ result: 'copy' }, matched.copies);
    return matched;
  };
}

/** For how long what polls bring gathers: an article that is matched alone costs twice as much as one among a few. */
const GATHER_MS = 500;

/**
 * Has new articles matched soon. Polls that store at about the same time share one job; what is stored while that one runs
 * gets the next. A job that is lost (Redis was flushed) is made up for by the ticker.
 */
export function matchSoon(queue: JobQueue<'match-articles'>): () => Promise<void> {
  const deduplication = { id: 'match-articles', keepLastIfActive: true };
  return async () => {
    await queue.add('match-articles', {}, { deduplication, delay: GATHER_MS });
  };
}
