import { randomBytes } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { CodedError, messageOf } from '../errors.ts';
import { parseDate } from '../feeds/parse/dates.ts';
import { FORMATS, type Format } from '../views/import/formats.ts';
import type { ImportOptions, Log } from '../views/import/import-log.ts';
import { REFUSALS } from '../views/import/logged-view.ts';
import type { Tally } from '../views/import/tally.ts';
import { type WithImports, withImports } from './import-ledger.ts';
import type { Terminal } from './terminal.ts';

interface Options {
  readonly format?: Format;
  readonly site?: string;
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
  readonly json?: true;
}

/** Few enough reads of a disk, small enough that progress moves. */
const CHUNK_BYTES = 1024 * 1024;
const PROGRESS_MS = 200;

export function addViewsImport(views: Command, terminal: Terminal, withLedger: WithImports = withImports): void {
  views
    .command('import <file>')
    .description('count the views of an access log, JSON Lines or CSV (packed by gzip or not; - for standard input)')
    .addOption(new Option('--format <format>', 'what it is written in; told by its first lines').choices(FORMATS))
    .option('--site <url>', 'scheme and host of the site, where the log tells paths only')
    .option('--source <name>', 'logs of one name follow each other in time; the path of the file, without its rotation')
    .option('--since <time>', 'only views at this RFC 3339 time or later')
    .option('--until <time>', 'only views before this time, such as when newsrank began to count by itself')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: Options) => {
      const settings = terminal.settings();
      const log = file === '-' ? pipedLog(terminal) : await fileLog(file);
      const wishes = optionsOf(file, options, settings.SITE_TIME_ZONE);
      const started = systemClock().getTime();
      // Loaded here, because other verbs answer sooner without it.
      const { importLog } = await import('../views/import/import-log.ts');
      const { readCrawlers } = await import('../views/crawlers.ts');
      const isCrawler = await readCrawlers(settings.CRAWLER_RANGES_FILE);
      const tools = {
        isCrawler,
        clock: systemClock,
        random: randomBytes,
        onProgress: progressOn(terminal, log, started),
      };
      const tally = await withLedger(settings, (ledger) => importLog({ ...tools, ledger }, log, wishes)).finally(() =>
        terminal.progress(''),
      );
      if (options.json) return terminal.print(JSON.stringify({ ...tally, seconds: secondsSince(started) }));
      terminal.print(asText(tally, wishes.source));
    });
}

function optionsOf(file: string, { format, site, source, since, until }: Options, zone: string): ImportOptions {
  return {
    ...{ format, zone, site: site === undefined ? undefined : originOf(site) },
    ...{ since: timeIn('--since', since), until: timeIn('--until', until) },
    source: source ?? (file === '-' ? '' : sourceOf(file)),
  };
}

function originOf(site: string): string {
  const url = URL.canParse(site) ? new URL(site) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url.origin;
  throw new CodedError('usage-invalid', '--site must be the URL of the site, such as https://news.example.');
}

function timeIn(name: string, text: string | undefined): Date | undefined {
  const time = text === undefined ? undefined : parseDate(text, 'UTC');
  if (time === null) throw new CodedError('usage-invalid', `${name} must be a time such as 2026-11-23T09:00:00Z.`);
  return time;
}

/** Rotated files are of one source: `access.log`, `access.log.1`, `access.log-20261123.gz`, `access-2026-11-23.log`. */
function sourceOf(file: string): string {
  const whole = resolve(file);
  const name = basename(whole);
  const bare = name
    .replace(/\.gz$/i, '')
    .replace(/[-._]\d{4}-?\d\d-?\d\d(?:[-T_]?\d{2,6})?(?=\.|$)/, '')
    .replace(/\.\d{1,4}$/, '');
  return whole.slice(0, -name.length) + bare;
}

interface OpenLog extends Log {
  /** The part of the file that was read, from 0 to 1; undefined for what is piped in. */
  done(): number | undefined;
}

/** Throws CodedError `log-unreadable` when it cannot be opened. */
async function fileLog(file: string): Promise<OpenLog> {
  let size = 0;
  try {
    const handle = await open(file);
    const about = await handle.stat();
    await handle.close();
    if (about.isDirectory()) throw new Error('it is a folder');
    size = about.size;
  } catch (error) {
    throw new CodedError('log-unreadable', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  let stream: ReadStream | undefined;
  return {
    name: basename(file),
    open() {
      stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      return stream as AsyncIterable<Buffer>;
    },
    done: () => (stream === undefined || size === 0 ? undefined : Math.min(1, stream.bytesRead / size)),
  };
}

function pipedLog(terminal: Terminal): OpenLog {
  let input: AsyncIterable<Buffer> | undefined = terminal.inputBytes();
  return {
    name: 'standard input',
    open() {
      const given = input;
      input = undefined;
      return given;
    },
    done: () => undefined,
  };
}

function progressOn(terminal: Terminal, log: OpenLog, started: number): (tally: Tally) => void {
  let shownAt = 0;
  return (tally) => {
    const now = systemClock().getTime();
    if (now - shownAt < PROGRESS_MS) return;
    shownAt = now;
    const done = log.done();
    const rate = Math.round(tally.lines / Math.max(0.001, (now - started) / 1000));
    const parts = [
      ...(done === undefined ? [] : [`${Math.floor(done * 100)} %`]),
      `${number(tally.lines)} lines (${number(rate)} a second)`,
      `${number(tally.reads)} reads`,
      ...refusals(tally),
    ];
    terminal.progress(parts.join(', '));
  };
}

function asText(tally: Tally, source: string): string {
  const lines = [`${number(tally.reads)} reads in ${number(tally.lines)} lines.`];
  const refused = refusals(tally);
  if (refused.length > 0) lines.push(`No reads: ${refused.join(', ')}.`);
  if ((tally.refused['counted-before'] ?? 0) > 0 && source !== '') {
    lines.push(
      `Counted before: from this log, or from another of ${source}. A log of another server needs a --source of its own.`,
    );
  }
  return lines.join('\n');
}

function refusals({ refused }: Tally): string[] {
  return REFUSALS.flatMap((reason) => (refused[reason] === undefined ? [] : [`${reason} ${number(refused[reason])}`]));
}

const number = (value: number): string => value.toLocaleString('en');

const secondsSince = (started: number): number => (systemClock().getTime() - started) / 1000;
