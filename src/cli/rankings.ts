import { type Command, Option } from 'commander';
import { parseTimeOrDate } from '../api/time.ts';
import { listCategories } from '../articles/store.ts';
import { systemClock } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { categorySlug, parseArticleId } from '../ids.ts';
import { LIST_ITEMS, LIST_KINDS, type ListKey, type ListKind, type Scope, type Snapshot } from '../ranking/list.ts';
import { buildPastList, readListAt } from '../ranking/past.ts';
import { PERIODS, type Period } from '../ranking/periods.ts';
import { emptySnapshot, present } from '../ranking/store.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { type ReadClosed, readClosedHere } from './closed-here.ts';
import { type Explain, explainHere } from './explain-here.ts';
import { explanationText } from './explanation-text.ts';
import { addBacktest, backtestHere, type RunBacktest } from './rankings-backtest.ts';
import { asTable, type Terminal } from './terminal.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

interface Options {
  readonly list: ListKind | 'closed';
  readonly category?: string;
  readonly window: WindowId;
  readonly period: Period;
  readonly start: string;
  readonly at?: string;
  readonly explain?: string;
  readonly limit: string;
  readonly json?: true;
}

/** What `newsrank rankings` does where the data is. */
export interface RankingTools {
  readonly explain: Explain;
  readonly readClosed: ReadClosed;
  readonly backtest: RunBacktest;
}

const HERE: RankingTools = { explain: explainHere, readClosed: readClosedHere, backtest: backtestHere };

export function addRankings(program: Command, terminal: Terminal, tools: RankingTools = HERE): void {
  // Options of the same names belong to `rankings`, wherever they stand: a verb takes them from there.
  const rankings = withList(program.command('rankings'), [...LIST_KINDS, 'closed'])
    .description('print a list as it was last published (within a minute), as it stood at a time, or of a period')
    .addOption(new Option('--period <period>', 'of the closed list').choices(PERIODS).default('day'))
    .option('--start <start>', 'of the closed list: such as 2026-11-23, 2026-W48, or an RFC 3339 time in it', 'latest')
    .option('--at <time>', 'an RFC 3339 time in the past, or a date (midnight UTC)')
    .option('--explain <article>', 'say why the article stands where it stands, instead')
    .option('--limit <n>', 'places', '5')
    .action(async (options: Options) => {
      const { list, explain } = options;
      if (!/^[1-9]\d?$/.test(options.limit) || Number(options.limit) > LIST_ITEMS) {
        throw new CodedError('usage-invalid', `--limit must be a number from 1 to ${LIST_ITEMS}.`);
      }
      if (list === 'closed') return await printClosed(terminal, tools, options);
      const key = keyOf({ ...options, list });
      if (explain !== undefined) return await printExplanation(terminal, tools, key, explain, options);
      return await printList(terminal, key, options);
    });
  withList(rankings.command('explain <article>'), LIST_KINDS)
    .description('say why an article stands where it stands in a list, and what it would need to be one place higher')
    .action(async (article: string, _: unknown, command: Command) => {
      const { list, ...options } = command.optsWithGlobals<Options>();
      if (list === 'closed') throw new CodedError('usage-invalid', 'What is closed is not explained.');
      await printExplanation(terminal, tools, keyOf({ ...options, list }), article, options);
    });
  addBacktest(rankings, terminal, tools.backtest);
}

function withList(command: Command, kinds: readonly string[]): Command {
  return command
    .addOption(new Option('--list <kind>', 'which list').choices(kinds).default('access'))
    .option('--category <name>', 'of a category instead of the whole site')
    .addOption(new Option('--window <window>', 'of the access list').choices(WINDOWS).default('24h'))
    .option('--json', 'print it as JSON');
}

function keyOf({ list, category, window }: Pick<Options, 'category' | 'window'> & { list: ListKind }): ListKey {
  return { kind: list, scope: scopeOf(category), window: list === 'access' ? window : null };
}

const scopeOf = (category: string | undefined) => (category === undefined ? ('site' as const) : categorySlug(category));

async function printList(terminal: Terminal, key: ListKey, options: Options): Promise<void> {
  const at = options.at === undefined ? systemClock() : parseTimeOrDate(options.at);
  if (at === undefined) throw new CodedError('usage-invalid', '--at must be a time such as 2026-11-23T09:00:00Z.');
  const settings = terminal.settings();
  const site = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };
  const list = await whereDataIs(settings, {
    async onDatabase(sql) {
      const names = { siteName: site.siteName, ...(await categoryNameOf(sql, key.scope)) };
      const snapshot = await readListAt(sql, key, at, (past, time) => buildPastList(sql, past, site, time));
      return present(snapshot ?? emptySnapshot(key, names, at), { limit: Number(options.limit) });
    },
    throughApi: async (access) => JSON.parse(await callApi(access, pathOf(key, options))) as Snapshot,
  });
  terminal.print(options.json ? JSON.stringify(list) : `${list.title}, ${list.asOf}\n${asText(list)}`);
}

async function categoryNameOf(sql: Sql, scope: Scope): Promise<{ categoryName?: string }> {
  if (scope === 'site') return {};
  const category = (await listCategories(sql)).find(({ slug }) => slug === scope);
  if (category === undefined) throw new CodedError('category-unknown', `There is no category ${scope}.`);
  return { categoryName: category.name };
}

async function printClosed(terminal: Terminal, tools: RankingTools, options: Options): Promise<void> {
  const { category, period, start, limit, json } = options;
  const asked = { period, start, scope: scopeOf(category), limit: Number(limit) };
  const list = await tools.readClosed(terminal.settings(), asked);
  const { from, to } = list.window;
  const revised = list.revision === undefined ? '' : `, revision ${list.revision} of ${list.asOf}`;
  terminal.print(json ? JSON.stringify(list) : `${list.title}, ${from} to ${to}${revised}\n${asText(list)}`);
}

async function printExplanation(
  terminal: Terminal,
  tools: RankingTools,
  key: ListKey,
  text: string,
  { json }: Pick<Options, 'json'>,
): Promise<void> {
  const article = parseArticleId(text);
  if (article === undefined) throw new CodedError('article-unknown', `There is no article ${text}.`);
  const explanation = await tools.explain(terminal.settings(), key, article);
  terminal.print(json ? JSON.stringify(explanation) : explanationText(explanation));
}

function pathOf({ kind, scope, window }: ListKey, { limit, at }: Options): string {
  const time = at === undefined ? undefined : parseTimeOrDate(at);
  const query = new URLSearchParams({
    limit,
    ...(scope !== 'site' && { category: scope }),
    ...(window !== null && { window }),
    ...(time !== undefined && { at: time.toISOString() }),
  });
  return `/v1/rankings/${kind}?${query}`;
}

function asText(list: Pick<Snapshot, 'items'> & { readonly list: string }): string {
  const rows = list.items.map((item) => ({
    rank: item.rank,
    was: item.previousRank ?? item.movement,
    reads: item.reads,
    title: item.pinned ? `${item.article.title} (pinned)` : item.article.title,
  }));
  const nothing = list.list === 'rising' ? 'Nothing is rising.' : 'Nobody has read anything yet.';
  return rows.length === 0 ? nothing : asTable(rows);
}
