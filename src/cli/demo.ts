import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import type { App } from '../app.ts';
import { SECOND, systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { type Log, openLog } from '../log.ts';
import { importApp } from './import-app.ts';
import type { Terminal } from './terminal.ts';
import { untilStopped } from './until-stopped.ts';

/** Neighbour of the API's default port. */
const NEWSROOM_PORT = 8081;

export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('run everything with a sample newsroom and simulated readers')
    .option('--views <n>', 'views a second', '25')
    .action(async (options: { views: string }) => {
      const given = terminal.settings();
      const log = openLog(given.LOG_LEVEL === 'info' ? 'warn' : given.LOG_LEVEL);
      const secrets = {
        ADMIN_TOKEN: given.ADMIN_TOKEN ?? randomBytes(24).toString('hex'),
        INGEST_TOKEN: given.INGEST_TOKEN ?? randomBytes(24).toString('hex'),
      };
      const open = (stopping: AbortSignal) =>
        openDemo({ ...given, ...secrets }, log, { viewsPerSecond: Number(options.views), stopping });
      await untilStopped(terminal, open, {
        onReady({ url }) {
          const { ADMIN_TOKEN: token } = secrets;
          terminal.print(`Open ${url} and watch the lists move (admin token: ${token}; Ctrl-C stops).`);
        },
      });
    });
}

interface DemoOptions {
  readonly viewsPerSecond: number;
  readonly stopping: AbortSignal;
}

/** The product with a newsroom in front and readers behind. */
async function openDemo(
  given: Settings & { readonly INGEST_TOKEN: string },
  log: Log,
  { viewsPerSecond, stopping }: DemoOptions,
): Promise<App> {
  const [{ openNewsroom }, { openReaders }, { openApp }] = await Promise.all([
    ...([import('../demo/newsroom.ts'), import('../demo/readers.ts')] as const),
    importApp(),
  ]);
  const closers = openClosers((name, message) => log.error({ name, error: message }, 'not closed'));
  const chance = { clock: systemClock, random: Math.random };
  try {
    const newsroom = await openNewsroom({ ...chance, port: NEWSROOM_PORT, publishEveryMs: 4 * SECOND });
    closers.add('newsroom', () => newsroom.close());
    const folder = join(given.DATA_DIR, 'demo');
    await mkdir(folder, { recursive: true });
    const feedsFile = join(folder, 'feeds.opml');
    await writeFile(feedsFile, newsroom.opml);
    const settings = {
      ...given,
      DATA_DIR: folder,
      FEEDS_FILE: feedsFile,
      FETCH_ALLOW_CIDRS: [...given.FETCH_ALLOW_CIDRS, '127.0.0.1/32'],
      POLL_MIN_INTERVAL: 5 * SECOND,
      POLL_MAX_INTERVAL: 15 * SECOND,
      HOST_REQUESTS_PER_MINUTE: 6000,
      SCHEDULE_INTERVAL: 2 * SECOND,
      RANK_INTERVAL: 2 * SECOND,
    };
    const app = await openApp(settings, log, { ...chance, stopping });
    closers.add('newsrank', () => app.stop());
    const readers = openReaders({ ...chance, site: app.url, ingestToken: given.INGEST_TOKEN, viewsPerSecond });
    closers.add('readers', () => readers.close());
    return { url: app.url, stop: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}
