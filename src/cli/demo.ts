import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { SECOND, systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { openLog } from '../log.ts';
import { importApp } from './import-app.ts';
import type { Terminal } from './terminal.ts';

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
      const closers = openClosers((name, message) => log.error({ name, error: message }, 'could not be closed'));
      // From the first moment on: whoever is told to stop while it starts up stops in order, too.
      const stopAsked = terminal.stopAsked();
      const [{ openNewsroom }, { openReaders }] = await Promise.all([
        import('../demo/newsroom.ts'),
        import('../demo/readers.ts'),
      ]);
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
          ADMIN_TOKEN: given.ADMIN_TOKEN ?? randomBytes(24).toString('hex'),
          INGEST_TOKEN: given.INGEST_TOKEN ?? randomBytes(24).toString('hex'),
        };
        const { openApp } = await importApp();
        const app = await openApp(settings, log, chance);
        closers.add('newsrank', () => app.stop());
        const readers = openReaders({
          ...chance,
          site: app.url,
          ingestToken: settings.INGEST_TOKEN,
          viewsPerSecond: Number(options.views),
        });
        closers.add('readers', () => readers.close());
        terminal.print(
          `Open ${app.url} and watch the lists move (admin token: ${settings.ADMIN_TOKEN}; Ctrl-C stops).`,
        );
        await stopAsked;
      } finally {
        await closers.closeAll();
      }
    });
}
