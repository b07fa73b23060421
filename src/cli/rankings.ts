import { type Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { categorySlug } from '../ids.ts';
import { LIST_KINDS, type ListKey, type ListKind, type Snapshot } from '../ranking/list.ts';
import { buildPastList, readListAt } from '../ranking/past.ts';
import { present } from '../ranking/store.ts';
import { WINDOWS, type WindowId } from '../views/keys.ts';
import { asTable, type Terminal } from './terminal.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

interface Options {
  readonly list: ListKind;
  readonly category?: string;
  readonly window: WindowId;
  readonly at?: string;
  readonly limit: string;
  readonly json?: true;
}

export function addRankings(program: Command, terminal: Terminal): void {
  program
    .command('rankings')
    .description('print a list as it was last published (within a minute), or as it stood at a time')
    .addOption(new Option('--list <kind>', 'which list').choices(LIST_KINDS).default('access'))
    .option('--category <name>', 'of a category instead of the whole site')
    .addOption(new Option('--window <window>', 'of the access list').choices(WINDOWS).default('24h'))
    .option('--at <time>', 'an RFC 3339 time in the past')
    .option('--limit <n>', 'places', '5')
    .option('--json', 'print the list as JSON')
    .action(async (options: Options) => {
      const at = options.at === undefined ? systemClock() : new Date(options.at);
      if (Number.isNaN(at.getTime())) {
        throw new CodedError('usage-invalid', '--at must be a time such as 2026-11-23T09:00:00Z.');
      }
      const key = {
        kind: options.list,
        scope: options.category === undefined ? ('site' as const) : categorySlug(options.category),
        window: options.list === 'access' ? options.window : null,
      };
      const settings = terminal.settings();
      const site = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };
      const list = await whereDataIs(settings, {
        async onDatabase(sql) {
          const snapshot = await readListAt(sql, key, at, (past, time) => buildPastList(sql, past, site, time));
          if (snapshot !== undefined) return present(snapshot, { limit: Number(options.limit) });
          throw new CodedError('list-unknown', 'No such list has been published by then.');
        },
        throughApi: async (access) => JSON.parse(await callApi(access, pathOf(key, options))) as Snapshot,
      });
      terminal.print(options.json ? JSON.stringify(list) : asText(list));
    });
}

function pathOf({ kind, scope, window }: ListKey, { limit, at }: Options): string {
  const query = new URLSearchParams({
    limit,
    ...(scope !== 'site' && { category: scope }),
    ...(window !== null && { window }),
    ...(at !== undefined && { at: new Date(at).toISOString() }),
  });
  return `/v1/rankings/${kind}?${query}`;
}

function asText(list: Snapshot): string {
  const rows = list.items.map((item) => ({
    rank: item.rank,
    was: item.previousRank ?? item.movement,
    reads: item.reads,
    title: item.article.title,
  }));
  const nothing = list.list === 'rising' ? 'Nothing is rising.' : 'Nobody has read anything yet.';
  return `${list.title}, ${list.asOf}\n${rows.length === 0 ? nothing : asTable(rows)}`;
}
