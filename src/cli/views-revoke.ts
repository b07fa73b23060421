import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { RevocationBody, RevokedBody } from '../api/schemas/revocation.ts';
import { parseTimeOrDate } from '../api/time.ts';
import { CodedError } from '../errors.ts';
import { type ArticleId, parseArticleId } from '../ids.ts';
import { REVOCABLE, type RevocableClass } from '../views/view-class.ts';
import type { Terminal } from './terminal.ts';
import { type WithViewsAdmin, withViewsAdmin } from './views-admin.ts';

interface Options {
  readonly class?: RevocableClass;
  readonly from?: string;
  readonly to?: string;
  readonly article?: string;
  readonly reason?: string;
  readonly undo?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `newsrank views revoke` and `newsrank views revocations`. */
export function addViewsRevoke(views: Command, terminal: Terminal, withAdmin: WithViewsAdmin = withViewsAdmin): void {
  views
    .command('revoke')
    .description('take the reads of a class and a period out of counts and lists, or give them back')
    .addOption(new Option('--class <class>', 'of which reads; left out: of all').choices(REVOCABLE))
    .option('--from <time>', 'RFC 3339 time, or a date (midnight UTC)')
    .option('--to <time>', 'the end, not included')
    .option('--article <id>', 'only of this article and its copies')
    .option('--reason <text>', 'for the log')
    .option('--dry-run', 'tell what would be taken, and take nothing')
    .option('--undo <id>', 'count again what this revocation took')
    .option('--json', 'print the result as JSON')
    .action(async (options: Options) => {
      const by = userInfo().username;
      const result = await withAdmin(terminal.settings(), async (admin) => {
        if (options.undo !== undefined) return await admin.undo(idIn(options.undo), by);
        const author = options.dryRun ? undefined : { by, reason: options.reason ?? '' };
        return await admin.revoke(ruleOf(options), author);
      });
      terminal.print(options.json ? JSON.stringify(result) : asText(result, options));
    });
  views
    .command('revocations')
    .description('list who took which reads out')
    .option('--article <id>', 'only what took reads of this article or its copies')
    .option('--json', 'print them as JSON')
    .action(async ({ article, json }: Pick<Options, 'article' | 'json'>) => {
      const found = await withAdmin(terminal.settings(), (admin) => admin.list(articleIn(article)));
      if (json) return terminal.print(JSON.stringify(found));
      for (const revocation of found) terminal.print(asLine(revocation));
    });
}

function ruleOf({ class: kind, from, to, article }: Options) {
  return { class: kind, from: timeIn('--from', from), to: timeIn('--to', to), article: articleIn(article) };
}

function timeIn(name: string, text: string | undefined): Date {
  const time = text === undefined ? undefined : parseTimeOrDate(text);
  if (time === undefined) throw new CodedError('usage-invalid', `${name} must be a time such as 2026-11-23T09:00:00Z.`);
  return time;
}

function idIn(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new CodedError('usage-invalid', '--undo takes the number of a revocation (newsrank views revocations).');
}

function articleIn(text: string | undefined): ArticleId | undefined {
  if (text === undefined) return undefined;
  const id = parseArticleId(text);
  if (id === undefined) throw new CodedError('article-unknown', `There is no article ${text}.`);
  return id;
}

function asText({ id, reads, articles, from, to }: RevokedBody, { undo, dryRun }: Options): string {
  const what = `${reads} reads of ${articles} articles, from ${from} to ${to}`;
  if (undo !== undefined) return `Counted again: ${what}.`;
  if (dryRun) return `Would be taken: ${what}.`;
  return `Taken: ${what}. To give them back: newsrank views revoke --undo ${id}`;
}

function asLine(revocation: RevocationBody): string {
  const { id, class: kind, from, to, article, reads, by, at, reason, undoneAt, undoneBy } = revocation;
  const rule = `${kind ?? 'all'} from ${from} to ${to}${article === null ? '' : ` of ${article}`}`;
  const state = undoneAt === null ? `${reads} reads` : `undone by ${undoneBy} at ${undoneAt}`;
  return `${id}  ${rule}: ${state} (${by}, ${at}${reason === '' ? '' : `: ${reason}`})`;
}
