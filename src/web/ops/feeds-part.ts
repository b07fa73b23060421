import { adviceFor } from '../../feeds/advice.ts';
import { healthOf } from '../../feeds/count.ts';
import type { Feed, FeedState } from '../../feeds/feed.ts';
import { listFeeds } from '../../feeds/store.ts';
import { listTroubled } from '../../feeds/troubled.ts';
import { type Query, textIn } from '../box-spec.ts';
import { webUrl } from '../text.ts';
import type { OpsTools } from './tools.ts';
import { type OpsEdition, relative } from './words.ts';

const STATES: readonly FeedState[] = ['active', 'paused', 'quarantined', 'retired'];
const VIEWS = ['troubled', 'all', ...STATES] as const;
type View = (typeof VIEWS)[number];
const SHOWN = 50;
/** Due for less is the scheduler's rhythm. */
const LATE_SECONDS = 10;

/** Feeds as a table shows them, and the ways to the others. */
export async function feedsPart({ sql, clock }: Pick<OpsTools, 'sql' | 'clock'>, query: Query, edition: OpsEdition) {
  const now = clock();
  const view = VIEWS.find((known) => known === query['feeds']) ?? 'troubled';
  const cursor = textIn(query, 'cursor');
  const page = await read(view, cursor);
  const href = (other: View, next?: string) =>
    `?${new URLSearchParams({ feeds: other, ...(next !== undefined && { cursor: next }) })}`;
  const onPage = (path: string) => edition.href(`/ops${path}#feeds`);
  return {
    fragment: edition.href(`/ops/parts/feeds${href(view, cursor || undefined)}`),
    tabs: VIEWS.map((other) => ({
      name: edition.words.views[other],
      href: onPage(href(other)),
      isCurrent: other === view,
    })),
    rows: page.items.map((feed) => rowOf(feed, now, edition)),
    isTroubled: view === 'troubled',
    next: page.next === null ? null : onPage(href(view, page.next)),
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

function rowOf(feed: Feed, now: Date, { words, mark }: OpsEdition) {
  const { duration } = words;
  const late = Math.round((now.getTime() - feed.nextPollAt.getTime()) / 1000);
  const isPolled = feed.state !== 'paused';
  return {
    id: feed.id,
    title: feed.title || feed.host,
    lang: mark(feed.title || feed.host, feed.language),
    url: feed.url,
    link: webUrl(feed.url),
    categories: feed.categories.join(', '),
    health: healthOf(feed),
    healthName: words.healths[healthOf(feed)],
    failures: feed.failures,
    isPaused: feed.state === 'paused',
    due: !isPolled
      ? words.notPolled
      : late > LATE_SECONDS
        ? words.late(duration(late))
        : relative(feed.nextPollAt, now, words),
    isLate: isPolled && late > LATE_SECONDS,
    every: words.every(duration(feed.intervalSeconds)),
    last: feed.lastPolledAt === null ? words.never : relative(feed.lastPolledAt, now, words),
    outcome: feed.lastOutcome,
    status: feed.lastStatus,
    error: feed.lastError,
    advice: adviceFor(feed.lastOutcome, feed.lastStatus),
  };
}
