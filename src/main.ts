import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Command, CommanderError } from 'commander';
import { isRunByNpm, loadSettings, printSettings } from '../config/load.ts';
import { withArticles } from './cli/article-reader.ts';
import { addArticles } from './cli/articles.ts';
import { addBackup } from './cli/backup.ts';
import { addCuration } from './cli/curation.ts';
import { addDemo } from './cli/demo.ts';
import { discoverHere } from './cli/discover.ts';
import { addDoctor } from './cli/doctor.ts';
import { withFeedAdmin } from './cli/feed-admin.ts';
import { addFeeds } from './cli/feeds.ts';
import { addMigrate } from './cli/migrate.ts';
import { parentEnds } from './cli/parent-end.ts';
import { addRankings } from './cli/rankings.ts';
import { addStart } from './cli/start.ts';
import type { Terminal } from './cli/terminal.ts';
import { addViews } from './cli/views.ts';
import { isOutage } from './engines/outage.ts';
import { CodedError, ERRORS, messageOf } from './errors.ts';
import { readVersion } from './version.ts';

/** Runs the command line; resolves to the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[], terminal: Terminal = openTerminal()): Promise<number> {
  const program = commandLine(terminal);
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const code = error instanceof CodedError ? error.code : 'internal';
    terminal.complain(`newsrank: ${messageOf(error)}\n`);
    if (code === 'internal' && error instanceof Error && !isOutage(error)) terminal.complain(`${error.stack}\n`);
    return ERRORS[code].exit;
  }
}

/** All commands and their options. */
export function commandLine(terminal: Terminal): Command {
  const program = new Command('newsrank')
    .description('Polls news feeds, keeps one copy of each article, and ranks what people read.')
    .version(readVersion())
    .option('--print-config', 'print the settings in force, secrets masked, and exit')
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .configureOutput({ writeErr: (text) => terminal.complain(text) })
    .on('option:print-config', () => {
      terminal.print(terminal.settingsInForce());
      throw new CommanderError(0, 'newsrank.printed', '');
    });
  addStart(program, terminal);
  addDemo(program, terminal);
  addMigrate(program, terminal);
  addBackup(program, terminal);
  addRankings(program, terminal);
  addCuration(program, terminal);
  addDoctor(program, terminal);
  addArticles(program, terminal, withArticles);
  addFeeds(program, terminal, withFeedAdmin, discoverHere);
  addViews(program, terminal);
  return program;
}

function openTerminal(): Terminal {
  const isWatched = process.stderr.isTTY === true;
  // Unheard, the event would end the process with a stack.
  process.stdout.on('error', (error) => {
    if (hasReadEnough(error)) return;
    process.stderr.write(`newsrank: Standard output cannot be written: ${error.message}.\n`);
    process.exit(1);
  });
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    printAll,
    complain: (text) => void process.stderr.write(text),
    progress: (line) => void (isWatched && process.stderr.write(`\r\x1b[K${line}`)),
    readInput: () => text(process.stdin),
    inputBytes: () => process.stdin,
    settingsInForce: () => printSettings(),
    settings: () => loadSettings(),
    stopAsked: () =>
      new Promise((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) {
          const standIns = process.listeners(signal);
          process.once(signal, () => {
            resolve(signal);
            process.once(signal, () => process.exit(1));
          });
          // Those of bin/newsrank.js, and only now: with nobody listening a signal that is on its way is lost.
          for (const standIn of standIns) process.removeListener(signal, standIn);
        }
        // Whoever ends `npm start` ends npm and its shell: without this the product would go on by itself.
        if (isRunByNpm()) void parentEnds().then(() => resolve('the end of npm'));
      }),
  };
}

async function printAll(lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(lines, withEnds, process.stdout, { end: false });
  } catch (error) {
    if (!hasReadEnough(error)) throw error;
  }
}

/** Whether `| head` took what it wanted and went. */
const hasReadEnough = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EPIPE';

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
