import { DAY, HOUR } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import { openQualities, type Quality } from './quality.ts';
import { earliestHour, readReplay } from './read-hours.ts';
import { openReplay } from './replay.ts';
import { type Setting, settingsOf } from './settings.ts';

const USUAL_SPAN = 7 * DAY;

/** What is tried out: the hours from `from` on that end by `to`; where these are absent, the last week, as far as it is known. */
export interface BacktestAsked {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** In hours, beside those that newsrank uses. */
  readonly halfLives: readonly number[];
}

/** How well a setting told what would be read, over all hours; of the site's list, and of those of all categories. */
export interface BacktestRow extends Pick<Setting, 'list' | 'setting'> {
  readonly site: Quality;
  readonly categories: Quality;
}

export interface Backtest {
  readonly from: Date;
  readonly to: Date;
  /** Hours that were looked at, and those among them of which slots of five minutes are kept. */
  readonly hours: number;
  readonly fineHours: number;
  /** Reads in these hours that no box led to: what the lists are measured by. */
  readonly reads: number;
  readonly rows: readonly BacktestRow[];
}

/**
 * Replays what is archived and makes the lists of each setting at the beginning of every hour, from what had been read by
 * then: how much of what was read in that hour did their first five hold, and how many of the five were not there an hour
 * before? Reads that our own box led to count for the lists, but not for what they are measured by: a list that was shown
 * would otherwise prove itself. Throws `usage-invalid`.
 */
export async function backtest(sql: Sql, asked: BacktestAsked, now: Date): Promise<Backtest> {
  const { from, to } = await spanOf(sql, asked, now);
  const settings = settingsOf(asked.halfLives);
  const replay = openReplay(settings);
  const qualities = openQualities(settings);
  const counts = { hours: 0, fineHours: 0, reads: 0 };
  for await (const { at, isFine, rows, articles } of readReplay(sql, from, to)) {
    replay.know(articles);
    if (at >= from) {
      const target = replay.targetOf(rows);
      counts.hours++;
      counts.reads += target.total;
      // What rises for a quarter of an hour cannot be told from whole hours.
      if (replay.isFineBefore()) counts.fineHours++;
      qualities.add(replay.listsAt(at), target);
    }
    replay.add(rows, isFine);
    // A process that also serves readers gets to them in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rows = settings.map((setting) => ({
    ...{ list: setting.list, setting: setting.setting },
    ...{ site: qualities.of(setting, 'site'), categories: qualities.of(setting, 'categories') },
  }));
  return { from, to, ...counts, rows };
}

async function spanOf(sql: Sql, asked: BacktestAsked, now: Date): Promise<{ readonly from: Date; readonly to: Date }> {
  const earliest = await earliestHour(sql);
  const to = new Date(Math.floor((asked.to ?? now).getTime() / HOUR) * HOUR);
  if (asked.from === undefined) {
    return { from: new Date(Math.max((earliest ?? to).getTime(), to.getTime() - USUAL_SPAN)), to };
  }
  const from = new Date(Math.ceil(asked.from.getTime() / HOUR) * HOUR);
  if (to.getTime() - from.getTime() < HOUR) throw new CodedError('usage-invalid', 'There is no whole hour in between.');
  if (earliest !== undefined && from >= earliest) return { from, to };
  const since = earliest === undefined ? 'There are none.' : `They begin at ${earliest.toISOString()}.`;
  throw new CodedError('usage-invalid', `Reads must be archived by the hour or finer in all of that time. ${since}`);
}
