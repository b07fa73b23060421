import type { FeedHealth } from '../../feeds/count.ts';
import { JOB_STATES } from '../../queues/queue-state.ts';
import { rankingHref, spanOf } from '../spans.ts';
import type { ListState, Overview } from './overview.ts';
import { bytesInWords, type OpsEdition } from './words.ts';

const HEALTHS: readonly FeedHealth[] = ['active', 'backoff', 'failing', 'quarantined', 'paused', 'retired'];
/** Jobs that wait for longer are too many for the workers that there are. */
const LONG_WAIT = 30;
/** As the alert NewsrankRedisFilling has it. */
const FULL_SHARE = 0.85;

/** A number that says at a glance whether all is well. */
interface Tile {
  readonly name: string;
  readonly value: string;
  readonly about: string;
  readonly isBad: boolean;
}

export function overviewPart({ feeds, overdue, lists, queues, storage }: Overview, edition: OpsEdition) {
  const { words } = edition;
  const { number, duration, tiles: named } = words;
  const total = Object.values(feeds).reduce((sum, count) => sum + count, 0);
  const byHealth = HEALTHS.filter((health) => (feeds[health] ?? 0) > 0).map(
    (health) => `${number(feeds[health] ?? 0)} ${words.healths[health]}`,
  );
  const ages = lists.flatMap(({ age }) => age ?? []);
  const waiting = queues.reduce((sum, { counts }) => sum + counts.waiting, 0);
  const failed = queues.reduce((sum, { counts }) => sum + counts.failed, 0);
  const longest = Math.max(0, ...queues.map(({ oldest }) => oldest));
  const { redis, redisLimit, redisFullest, database } = storage;
  const tiles: Tile[] = [
    {
      ...{ name: words.feeds, value: number(total), about: byHealth.join(' · ') || words.noneYet },
      isBad: (feeds.failing ?? 0) + (feeds.quarantined ?? 0) > 0,
    },
    {
      name: named.overdue,
      value: number(overdue),
      about: named.overdueAbout,
      isBad: overdue > total / 10,
    },
    {
      ...{ name: named.newest, value: ages.length === 0 ? '–' : duration(Math.min(...ages)) },
      ...{ about: named.newestAbout, isBad: false },
    },
    {
      ...{ name: named.waiting, value: number(waiting) },
      about: longest < 1 ? words.noneForLong : words.firstWaits(duration(longest)),
      isBad: longest > LONG_WAIT,
    },
    { name: named.failed, value: number(failed), about: named.failedAbout, isBad: failed > 0 },
    { name: 'PostgreSQL', value: bytesInWords(database), about: named.disk, isBad: false },
    {
      ...{ name: 'Redis', value: bytesInWords(redis) },
      about: redisLimit === null ? named.memory : words.ofLimit(bytesInWords(redisLimit)),
      isBad: redisFullest !== null && redisFullest > FULL_SHARE,
    },
  ];
  return {
    tiles,
    lists: lists.map((list) => listRow(list, edition)),
    queues: queues.map(({ name, counts, oldest }) => ({
      name,
      href: `/ops/queues/queue/${name}`,
      counts: JOB_STATES.map((state) => number(counts[state])),
      oldest: oldest < 1 ? '–' : duration(oldest),
      isBad: counts.failed > 0 || oldest > LONG_WAIT,
    })),
    tables: storage.tables.map(({ name, bytes, rows }) => ({
      name,
      bytes: bytesInWords(bytes),
      rows: rows === 0 ? '–' : number(rows),
      share: Math.round((bytes / Math.max(1, storage.database)) * 100),
    })),
  };
}

function listRow({ key, title, age, items, confidence }: ListState, { words, href, mark }: OpsEdition) {
  const span = key.window ?? (key.kind === 'rising' ? 'rising' : 'now');
  return {
    title,
    lang: mark(title),
    span: words.spans[span] ?? span,
    href: href(rankingHref({ scope: key.scope, span: spanOf(key) })),
    age: age === null ? words.never : words.ago(words.duration(age)),
    items,
    confidence: words.confidences[confidence],
  };
}
