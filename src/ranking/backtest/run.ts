import { HOUR } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import { CodedError } from '../../errors.ts';
import { openQualities, type Quality } from './quality.ts';
import { earliestHour, readReplay } from './read-hours.ts';
import { openReplay } from './replay.ts';
import { type Setting, settingsOf } from './settings.ts';

/** What is tried out: the hours from `from` on that end by `to`. */
export interface BacktestAsked {
  readonly from: Date;
  readonly to: Date;
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
export async function backtest(sql: Sql, asked: BacktestAsked): Promise<Backtest> {
  const from = new Date(Math.ceil(asked.from.getTime() / HOUR) * HOUR);
  const to = new Date(Math.floor(asked.to.getTime() / HOUR) * HOUR);
  if (to.getTime() - from.getTime() < HOUR) throw new CodedError('usage-invalid', 'There is no whole hour in between.');
  const earliest = await earliestHour(sql);
  if (earliest === undefined || from < earliest) {
    const since = earliest === undefined ? 'There are none.' : `They begin at ${earliest.toISOString()}.`;
    throw new CodedError('usage-invalid', `Reads must be archived by the hour or finer from --from on. ${since}`);
  }
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
