import type { Settings } from '../../config/settings.ts';
import { openClosers } from '../closers.ts';
import { openDatabase } from '../engines/database.ts';
import type { Sql } from '../engines/sql.ts';
import { openLog } from '../log.ts';
import { migrate } from '../schema/migrate.ts';

/** Runs `work` on the database of the settings, brought to this version's schema by default, and closes it again. */
export async function withDatabase<T>(
  settings: Settings,
  work: (sql: Sql) => Promise<T>,
  prepare: (sql: Sql) => Promise<unknown> = (sql) => migrate(sql),
): Promise<T> {
  const log = openLog('error');
  const closers = openClosers((name, message) => log.error({ name, error: message }, 'could not be closed'));
  try {
    const { sql } = await openDatabase(settings, closers);
    await prepare(sql);
    return await work(sql);
  } finally {
    await closers.closeAll();
  }
}
