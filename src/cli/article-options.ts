import { type Command, Option } from 'commander';
import { duration } from '../../config/parse.ts';
import { parseTimeOrDate } from '../api/time.ts';
import { HOUR } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { categorySlug } from '../ids.ts';
import type { ArticleWish } from './article-reader.ts';

/** The filters that `search` and `export` have in common, as typed. */
export interface FilterOptions {
  readonly category?: string;
  readonly source?: string;
  readonly language?: string;
  readonly since?: string;
  readonly until?: string;
  readonly copies?: true;
}

const LONGEST = 100 * 366 * 24 * HOUR;

export function addFilterOptions(command: Command): Command {
  return command
    .option('--category <name>', 'only those of a category')
    .option('--source <id|url>', 'only those that this feed carried')
    .option('--language <code>', 'only those in a language: en means en-GB as well')
    .addOption(new Option('--since <time>', 'published then or later: a time, a date (UTC), or an age such as 2d'))
    .addOption(new Option('--until <time>', 'published before'))
    .option('--copies', 'also those that are copies of others');
}

/** What the options and words ask for. Throws CodedError `usage-invalid`. */
export function wishOf(words: readonly string[], options: FilterOptions, now: Date): ArticleWish {
  const { category, source, language, since, until, copies } = options;
  const q = words.join(' ').trim();
  return {
    ...(q !== '' && { q }),
    ...(category !== undefined && { category: categorySlug(category) }),
    ...(source !== undefined && { source }),
    ...(language !== undefined && { language }),
    ...(since !== undefined && { from: timeOf('--since', since, now) }),
    ...(until !== undefined && { to: timeOf('--until', until, now) }),
    ...(copies && { copies }),
  };
}

function timeOf(name: string, text: string, now: Date): Date {
  const time = parseTimeOrDate(text);
  if (time !== undefined) return time;
  try {
    return new Date(now.getTime() - duration(0, LONGEST)(text));
  } catch (error) {
    const message = `${name} must be a time such as 2026-11-23T09:00:00Z, a date, or an age such as 2d.`;
    throw new CodedError('usage-invalid', message, { cause: error });
  }
}
