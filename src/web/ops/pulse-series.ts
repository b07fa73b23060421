import { FAILURE_CLASSES } from '../../feeds/feed.ts';
import { type PulseMinute, readPulse } from '../../pulse.ts';
import type { OpsTools } from './tools.ts';
import type { OpsWords } from './words-en.ts';

/** Of whatever class: which, the feeds' own rows say. */
const FAILURE = FAILURE_CLASSES.join('|');

/** A plot's lines by name, each what the values of these names add up to in a minute. */
const PLOTS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  polls: {
    fresh: /^polls:fresh$/,
    unchanged: /^polls:unchanged$/,
    other: new RegExp(`^polls:(?!(?:fresh|unchanged|${FAILURE})$)`),
    failed: new RegExp(`^polls:(?:${FAILURE})$`),
  },
  reads: { reads: /^views:read$/, refused: /^views:(?!read$)/ },
  jobs: { done: /^jobs:done$/, failed: /^jobs:failed$/ },
  lists: { 'seconds old': /^lists:age$/ },
  waiting: { waiting: /^queues:waiting$/, 'feeds overdue': /^feeds:overdue$/ },
  storage: { PostgreSQL: /^storage:database$/, Redis: /^storage:redis$/ },
};
/** What is measured, as against counted: a minute without it is a gap, not a nought. */
const MEASURED = new Set(['lists', 'waiting', 'storage']);
const MINUTES = 90;

/** What the plots of the ops page draw: seconds since 1970, and for each plot its lines. The present minute is left out. */
export async function pulseSeries({ redis, clock }: Pick<OpsTools, 'redis' | 'clock'>, words: OpsWords) {
  const minutes = (await readPulse(redis, MINUTES + 1, clock())).slice(0, -1);
  const plots = Object.entries(PLOTS).map(([name, lines]) => ({
    name,
    lines: Object.entries(lines).map(([label, pattern]) => ({
      label: words.lines[label] ?? label,
      values: minutes.map((minute) => amountOf(minute, pattern, MEASURED.has(name))),
    })),
  }));
  return { times: minutes.map(({ at }) => at / 1000), plots };
}

function amountOf({ values }: PulseMinute, pattern: RegExp, isMeasured: boolean): number | null {
  const found = Object.entries(values).filter(([name]) => pattern.test(name));
  if (found.length === 0 && isMeasured) return null;
  return found.reduce((sum, [, value]) => sum + value, 0);
}
