import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { type BacktestBody, backtestBody } from '../api/schemas/backtest.ts';
import { parseTimeOrDate } from '../api/time.ts';
import { systemClock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { type BacktestAsked, backtest } from '../ranking/backtest/run.ts';
import { halfLivesIn } from '../ranking/backtest/settings.ts';
import { asTable, type Terminal } from './terminal.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

export type RunBacktest = (settings: Settings, asked: BacktestAsked) => Promise<BacktestBody>;

/** On the database of the settings, or through the API of the newsrank that has it. */
export const backtestHere: RunBacktest = (settings, asked) =>
  whereDataIs(settings, {
    onDatabase: async (sql) => backtestBody(await backtest(sql, asked, systemClock())),
    async throughApi(access) {
      const { from, to, halfLives } = asked;
      const query = new URLSearchParams({
        ...(from !== undefined && { from: from.toISOString() }),
        ...(to !== undefined && { to: to.toISOString() }),
        ...(halfLives.length > 0 && { halfLife: halfLives.join() }),
      });
      return JSON.parse(await callApi(access, `/v1/rankings/backtest?${query}`)) as BacktestBody;
    },
  });

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly halfLife?: string;
  readonly json?: true;
}

/** `newsrank rankings backtest`. */
export function addBacktest(rankings: Command, terminal: Terminal, run: RunBacktest = backtestHere): void {
  rankings
    .command('backtest')
    .description('replay what is archived: how well would each kind of list have told what was read an hour later?')
    .option('--from <time>', 'an RFC 3339 time or a date (midnight UTC), else a week before the end')
    .option('--to <time>', 'the end, likewise, else now')
    .option('--half-life <hours>', 'of popular lists, to be tried beside those that newsrank uses, such as 1h,2h,8h')
    .option('--json', 'print it as JSON')
    .action(async (_: unknown, command: Command) => {
      const { from, to, halfLife, json } = command.optsWithGlobals<Options>();
      const asked = { from: timeIn('--from', from), to: timeIn('--to', to), halfLives: halfLivesIn(halfLife) };
      const found = await run(terminal.settings(), asked);
      terminal.print(json ? JSON.stringify(found) : asText(found));
    });
}

function timeIn(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = parseTimeOrDate(text);
  if (time !== undefined) return time;
  throw new CodedError('usage-invalid', `${option} must be a time such as 2026-11-23T09:00:00Z, or a date.`);
}

function asText({ from, to, hours, fineHours, reads, items }: BacktestBody): string {
  const percent = (share: number | null) => (share === null ? '' : `${(share * 100).toFixed(1)} %`);
  const rows = items.map(({ list, setting, site, categories }) => ({
    ...{ list, setting },
    site: percent(site.share),
    'of ideal': percent(site.ofIdeal),
    churn: site.churn?.toFixed(2) ?? '',
    categories: percent(categories.share),
    'of ideal ': percent(categories.ofIdeal),
    'churn ': categories.churn?.toFixed(2) ?? '',
  }));
  const fine = fineHours < hours ? `; of ${fineHours} of them it is known what rose` : '';
  return [
    `${from} to ${to}: ${hours} hours, ${reads} reads that no box led to${fine}`,
    '',
    asTable(rows),
    '',
    'What the first five caught of the reads of the next hour, the same of what the five best would have caught, and how',
    'many of the five changed from hour to hour: of the list of the site, and of those of all categories together.',
  ].join('\n');
}
