import { adviceFor } from '../../feeds/advice.ts';
import { inWords } from '../../feeds/explain.ts';
import type { Feed, FeedState } from '../../feeds/feed.ts';
import { listFeeds } from '../../feeds/store.ts';
import { listTroubled } from '../../feeds/troubled.ts';
import { type Query, textIn } from '../box-spec.ts';
import { webUrl } from '../text.ts';
import type { OpsTools } from './tools.ts';
import { relative } from './words.ts';

const STATES: readonly FeedState[] = ['active', 'paused', 'quarantined', 'retired'];
const VIEWS = ['troubled', 'all', ...STATES] as const;
type View = (typeof VIEWS)[number];

const VIEW_NAMES: Readonly<Record<View, string>> = {
  ...{ troubled: 'Need a look', all: 'All', active: 'Active', paused: 'Paused' },
  ...{ quarantined: 'Quarantined', retired: 'Retired' },
};
const SHOWN = 50;
/** Due for less is the scheduler's rhythm. */
const LATE_SECONDS = 10;

/** Feeds as a table shows them, and the ways to the others. */
export async function feedsPart({ sql, clock }: Pick<OpsTools, 'sql' | 'clock'>, query: Query) {
  const now = clock();
  const view = VIEWS.find((known) => known === query['feeds']) ?? 'troubled';
  const cursor = textIn(query, 'cursor');
  const page = await read(view, cursor);
  const href = (other: View, next?: string) =>
    `?${new URLSearchParams({ feeds: other, ...(next !== undefined && { cursor: next }) })}`;
  return {
    fragment: `/ops/parts/feeds${href(view, cursor || undefined)}`,
    tabs: VIEWS.map((other) => ({
      name: VIEW_NAMES[other],
      href: `/ops${href(other)}#feeds`,
      isCurrent: other === view,
    })),
    rows: page.items.map((feed) => rowOf(feed, now)),
    isTroubled: view === 'troubled',
    next: page.next === null ? null : `/ops${href(view, page.next)}#feeds`,
  };

  async function read(wanted: View, from: string): Promise<{ items: readonly Feed[]; next: string | null }> {
    if (wanted === 'troubled') return { items: await listTroubled(sql, SHOWN, now), next: null };
    const state = STATES.find((known) => known === wanted);
    return listFeeds(sql, {
      limit: SHOWN,
      ...(state !== undefined && { state }),
      ...(/^\d{1,15}$/.test(from) && { cursor: from }),
    });
  }
}

function rowOf(feed: Feed, now: Date) {
  const late = Math.round((now.getTime() - feed.nextPollAt.getTime()) / 1000);
  const isPolled = feed.state !== 'paused';
  return {
    id: feed.id,
    title: feed.title || feed.host,
    url: feed.url,
    link: webUrl(feed.url),
    categories: feed.categories.join(', '),
    state: feed.state !== 'active' ? feed.state : feed.failures > 0 ? 'failing' : 'well',
    failures: feed.failures,
    isPaused: feed.state === 'paused',
    due: !isPolled ? 'not polled' : late > LATE_SECONDS ? `${inWords(late)} late` : relative(feed.nextPollAt, now),
    isLate: isPolled && late > LATE_SECONDS,
    every: inWords(feed.intervalSeconds),
    last: feed.lastPolledAt === null ? 'never' : relative(feed.lastPolledAt, now),
    outcome: feed.lastOutcome,
    status: feed.lastStatus,
    error: feed.lastError,
    advice: adviceFor(feed.lastOutcome, feed.lastStatus),
  };
}
