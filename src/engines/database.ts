import { join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import type { Closers } from '../closers.ts';
import { openOnce } from '../open-once.ts';
import { addressOf } from './address.ts';
import { lockFolder } from './folder-lock.ts';
import { type ImpatientEvents, openImpatient } from './impatient.ts';
import type { Connections } from './postgres.ts';
import { openProbe, PATIENCE_MS, type Probe, probeEmbedded } from './probe.ts';
import type { Sql } from './sql.ts';

export interface Database {
  readonly sql: Sql;
  /** Whether it answers, beside all that it works on. */
  readonly askDatabase: Probe['ask'];
  /** For those who keep somebody waiting: on a server, connections of their own, and no waiting for one that hangs. */
  openImpatientSql(): Sql;
  /**
   * Whether it still answers, for who has a last thing to write before the end: looked once, in two seconds at most, and
   * taken for granted from then on.
   */
  readonly answersAtLast: () => Promise<boolean>;
  /** Which one is in use, and what that means for durability. */
  readonly description: string;
  /** By what they do; none on the embedded one. */
  connections(): Connections;
}

type DatabaseSettings = Pick<Settings, 'DATABASE_URL' | 'DATA_DIR'>;

/** Opens the server of the settings, or the embedded one where they name none. What is open registers its closer. */
export async function openDatabase(
  { DATABASE_URL: url, DATA_DIR: folder }: DatabaseSettings,
  closers: Closers,
  events: Partial<ImpatientEvents> = {},
): Promise<Database> {
  return url === undefined ? await openEmbedded(folder, closers) : await openServer(url, closers, events);
}

async function openEmbedded(folder: string, closers: Closers): Promise<Database> {
  const { release } = await lockFolder(folder);
  closers.add('lock of the data folder', release);
  const { openPglite } = await import('./pglite.ts');
  const { sql, close } = await openPglite(join(folder, 'postgres'));
  closers.add('embedded PostgreSQL', close);
  const promise = 'survives a crash of this process, not always a power cut';
  return {
    sql,
    askDatabase: probeEmbedded(sql),
    openImpatientSql: () => sql,
    answersAtLast: async () => true,
    description: `embedded PostgreSQL in ${folder} (${promise})`,
    connections: () => ({}),
  };
}

async function openServer(
  url: string,
  closers: Closers,
  { onError = () => {}, onHang = () => {} }: Partial<ImpatientEvents>,
): Promise<Database> {
  const { openPool, openPostgres } = await import('./postgres.ts');
  const probe = openProbe(() => openPool(url, undefined, { max: 1, connectMs: PATIENCE_MS }));
  closers.add('probe of PostgreSQL', probe.close);
  // Connections that were there must answer, since it is by these that anything would be written.
  const answersAtLast = openOnce(async () => (await probe.look()) === 'answers');
  const pool = await openPostgres(url, onError);
  closers.add('PostgreSQL', async () => {
    if (await answersAtLast()) await pool.close();
    else pool.abandon();
  });
  const counted = [pool.connections, probe.connections];
  return {
    sql: pool.sql,
    askDatabase: probe.ask,
    openImpatientSql() {
      const impatient = openImpatient(() => openPool(url, onError), probe, { onError, onHang });
      closers.add('PostgreSQL for those who wait', impatient.close);
      counted.push(impatient.connections);
      return impatient.sql;
    },
    answersAtLast,
    description: `PostgreSQL at ${addressOf(url, 5432)}`,
    connections: () => sum(counted.map((count) => count())),
  };
}

function sum(all: readonly Connections[]): Connections {
  const total = { busy: 0, idle: 0, waiting: 0 };
  for (const { busy = 0, idle = 0, waiting = 0 } of all) {
    total.busy += busy;
    total.idle += idle;
    total.waiting += waiting;
  }
  return total;
}
