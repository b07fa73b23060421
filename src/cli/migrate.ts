import type { Command } from 'commander';
import { openClosers } from '../closers.ts';
import { openDatabase } from '../engines/database.ts';
import { openLog } from '../log.ts';
import { migrate } from '../schema/migrate.ts';
import type { Terminal } from './terminal.ts';

export function addMigrate(program: Command, terminal: Terminal): void {
  program
    .command('migrate')
    .description("bring the database to this version's schema (start does it too)")
    .action(async () => {
      const log = openLog('error');
      const closers = openClosers((name, message) => log.error({ name, error: message }, 'could not be closed'));
      try {
        const { sql } = await openDatabase(terminal.settings(), closers);
        const { applied } = await migrate(sql);
        terminal.print(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`);
      } finally {
        await closers.closeAll();
      }
    });
}
