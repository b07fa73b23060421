import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { duration } from '../../config/parse.ts';
import type { CurationAnswer } from '../api/schemas/curation.ts';
import { parseTimeOrDate } from '../api/time.ts';
import { type Clock, DAY, MINUTE, systemClock } from '../clock.ts';
import { CodedError, messageOf } from '../errors.ts';
import { categorySlug } from '../ids.ts';
import { CURATION_TARGETS, type CurationTarget, PINNED_KINDS } from '../ranking/curation.ts';
import { LIST_KINDS, type ListKind, type Scope } from '../ranking/list.ts';
import { type WithCuration, withCuration } from './curation-admin.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  readonly list?: ListKind;
  readonly scope?: string;
  readonly place?: string;
  readonly for?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly json?: true;
}

/** The verbs of `newsrank curation`. */
export function addCuration(
  program: Command,
  terminal: Terminal,
  withAdmin: WithCuration = withCuration,
  clock: Clock = systemClock,
): void {
  const curation = program.command('curation').description('pin articles in lists, and leave things out of them');
  const print = (record: CurationAnswer, { json }: Options) =>
    terminal.print(json ? JSON.stringify(record) : asLine(record));

  withLimits(curation.command('pin <article>'), PINNED_KINDS)
    .description("hold an article at a place: of the site's lists and those of its categories, or of one scope")
    .option('--place <n>', 'where', '1')
    .action(async (value: string, options: Options) => {
      const asked = { ...limitsOf(options, clock()), action: 'pin', target: 'article', value } as const;
      const place = placeIn(options.place);
      print(await withAdmin(terminal.settings(), (admin) => admin.add({ ...asked, place })), options);
    });
  withLimits(curation.command('exclude <what> <value>'), LIST_KINDS)
    .description(`leave out of lists: an article, or all of a source, a category, or with a word in the title`)
    .action(async (what: string, text: string, options: Options) => {
      const target = targetIn(what);
      const value = target === 'category' ? categorySlug(text) : text;
      const asked = { ...limitsOf(options, clock()), action: 'exclude', target, value, place: null } as const;
      print(await withAdmin(terminal.settings(), (admin) => admin.add(asked)), options);
    });
  curation
    .command('end <id>')
    .description('end a decision before it expires')
    .option('--json', 'print it as JSON')
    .action(async (id: string, options: Options) => {
      const by = userInfo().username;
      print(await withAdmin(terminal.settings(), (admin) => admin.end(idIn(id), by)), options);
    });
  curation
    .command('list')
    .description('list who pinned and left out what')
    .option('--all', 'also what expired or was ended')
    .option('--json', 'print them as JSON')
    .action(async ({ all, json }: { all?: true; json?: true }) => {
      const found = await withAdmin(terminal.settings(), (admin) => admin.list(all === true));
      if (json) return terminal.print(JSON.stringify(found));
      for (const record of found) terminal.print(asLine(record));
    });
}

function withLimits(command: Command, kinds: readonly ListKind[]): Command {
  return command
    .addOption(new Option('--list <kind>', 'only lists of this kind').choices(kinds))
    .option('--scope <scope>', "only the site's lists (site), or those of a category")
    .option('--for <duration>', 'until then it holds, such as 6h or 2d')
    .option('--until <time>', 'the same as an RFC 3339 time or a date (midnight UTC)')
    .option('--reason <text>', 'for the log')
    .option('--json', 'print the decision as JSON');
}

function limitsOf(options: Options, now: Date) {
  const { list = null, scope, reason = '' } = options;
  return {
    kind: list,
    scope: scope === undefined ? null : scopeIn(scope),
    by: userInfo().username,
    reason,
    expiresAt: expiryIn(options, now),
  };
}

const scopeIn = (text: string): Scope => (text === 'site' ? 'site' : categorySlug(text));

function expiryIn({ for: span, until }: Options, now: Date): Date | null {
  if (span !== undefined && until !== undefined) throw wrongUse('--for and --until say the same: give one of them.');
  if (span !== undefined) return new Date(now.getTime() + millisecondsIn(span));
  if (until === undefined) return null;
  const time = parseTimeOrDate(until);
  if (time === undefined) throw wrongUse('--until must be a time such as 2026-11-23T09:00:00Z.');
  return time;
}

function millisecondsIn(text: string): number {
  try {
    return duration(MINUTE, 3650 * DAY)(text);
  } catch (error) {
    throw wrongUse(`--for must be ${messageOf(error)}.`);
  }
}

function targetIn(text: string): CurationTarget {
  const target = CURATION_TARGETS.find((known) => known === text);
  if (target === undefined) throw wrongUse(`What is left out is one of ${CURATION_TARGETS.join(', ')}.`);
  return target;
}

function placeIn(text = '1'): number {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw wrongUse('--place must be a number from 1 to 50.');
}

function idIn(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw wrongUse('A decision goes by its number (newsrank curation list).');
}

const wrongUse = (message: string) => new CodedError('usage-invalid', message);

/** A decision in a line. */
export function asLine(record: CurationAnswer): string {
  const { id, action, target, value, place, list, scope, by, at, reason, expires, endedAt, endedBy } = record;
  const what = action === 'pin' ? `pin ${value} at ${place}` : `exclude ${target} ${value}`;
  const where = [...(list === null ? [] : [list]), ...(scope === null ? [] : [scope])].join(' of ');
  const end = endedAt === null ? (expires === null ? '' : `, until ${expires}`) : `, ended by ${endedBy} at ${endedAt}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${id}  ${what}${where === '' ? '' : ` in ${where}`}${end} (${by}, ${at}${why})`;
}
