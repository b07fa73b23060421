import type { FeedHealth } from '../../feeds/count.ts';
import { inWords } from '../../feeds/explain.ts';
import { rankingHref, spanOf } from '../spans.ts';
import { JOB_STATES, type ListState, type Overview } from './overview.ts';
import { bytesInWords, numberInWords } from './words.ts';

const HEALTHS: readonly FeedHealth[] = ['active', 'backoff', 'failing', 'quarantined', 'paused', 'retired'];
const HEALTH_NAMES: Readonly<Record<FeedHealth, string>> = {
  ...{ active: 'well', backoff: 'failed lately', failing: 'failing' },
  ...{ quarantined: 'quarantined', paused: 'paused', retired: 'retired' },
};
/** Jobs that wait for longer are too many for the workers that there are. */
const LONG_WAIT = 30;
const FULL_SHARE = 0.8;

/** A number that says at a glance whether all is well. */
interface Tile {
  readonly name: string;
  readonly value: string;
  readonly about: string;
  readonly isBad: boolean;
}

export function overviewPart({ feeds, overdue, lists, queues, storage }: Overview) {
  const total = Object.values(feeds).reduce((sum, count) => sum + count, 0);
  const byHealth = HEALTHS.filter((health) => (feeds[health] ?? 0) > 0).map(
    (health) => `${numberInWords(feeds[health] ?? 0)} ${HEALTH_NAMES[health]}`,
  );
  const ages = lists.flatMap(({ age }) => age ?? []);
  const waiting = queues.reduce((sum, { counts }) => sum + counts.waiting, 0);
  const failed = queues.reduce((sum, { counts }) => sum + counts.failed, 0);
  const longest = Math.max(0, ...queues.map(({ oldest }) => oldest));
  const { redis, redisLimit, database } = storage;
  const tiles: Tile[] = [
    {
      ...{ name: 'Feeds', value: numberInWords(total), about: byHealth.join(' · ') || 'none yet' },
      isBad: (feeds.failing ?? 0) + (feeds.quarantined ?? 0) > 0,
    },
    {
      name: 'Overdue',
      value: numberInWords(overdue),
      about: 'feeds that wait for a poller',
      isBad: overdue > total / 10,
    },
    {
      ...{ name: 'Newest list', value: ages.length === 0 ? '–' : inWords(Math.min(...ages)) },
      ...{ about: 'since one was published', isBad: false },
    },
    {
      ...{ name: 'Jobs waiting', value: numberInWords(waiting) },
      about: longest < 1 ? 'none for long' : `the first for ${inWords(longest)}`,
      isBad: longest > LONG_WAIT,
    },
    { name: 'Jobs failed', value: numberInWords(failed), about: 'of those kept to look at', isBad: failed > 0 },
    { name: 'PostgreSQL', value: bytesInWords(database), about: 'on disk', isBad: false },
    {
      ...{ name: 'Redis', value: bytesInWords(redis) },
      about: redisLimit === null ? 'in memory, no limit set' : `of ${bytesInWords(redisLimit)}`,
      isBad: redisLimit !== null && redis > redisLimit * FULL_SHARE,
    },
  ];
  return {
    tiles,
    lists: lists.map(listRow),
    queues: queues.map(({ name, counts, oldest }) => ({
      name,
      href: `/ops/queues/queue/${name}`,
      counts: JOB_STATES.map((state) => numberInWords(counts[state])),
      oldest: oldest < 1 ? '–' : inWords(oldest),
      isBad: counts.failed > 0 || oldest > LONG_WAIT,
    })),
    tables: storage.tables.map(({ name, bytes, rows }) => ({
      name,
      bytes: bytesInWords(bytes),
      rows: rows === 0 ? '–' : numberInWords(rows),
      share: Math.round((bytes / Math.max(1, storage.database)) * 100),
    })),
  };
}

function listRow({ key, title, age, items, confidence }: ListState) {
  return {
    title,
    span: key.window ?? (key.kind === 'rising' ? 'rising' : 'now'),
    href: rankingHref({ scope: key.scope, span: spanOf(key) }),
    age: age === null ? 'never' : `${inWords(age)} ago`,
    items,
    confidence,
  };
}
