import type { Sql } from '../engines/sql.ts';

const OLDEST = 14;
/** A process holds up to ten: a few more of them, and the next is refused. */
const MOST_IN_USE = 0.9;

interface State {
  readonly version: string;
  readonly number: number;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly used: number;
  readonly most: number;
}

/** Backends of others show who they are to everyone, but not what they do. */
const STATE = `
  select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
         pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly",
         (select count(*)::int from pg_stat_activity where datid is not null) as used,
         current_setting('max_connections')::int as most`;

/** How PostgreSQL is; fails where it is too old, takes no writes or has hardly a connection left. */
export async function describePostgres(sql: Sql): Promise<string> {
  const { rows } = await sql.query<State>(STATE);
  const [state] = rows;
  if (state === undefined) throw new Error('it says nothing of itself');
  const { version, number, isStandby, isReadOnly, used, most } = state;
  if (number < OLDEST * 10_000) throw new Error(`It is ${version}: newsrank needs PostgreSQL ${OLDEST} or later`);
  if (isStandby)
    throw new Error(
      'It is a standby and takes no writes: name the primary in DATABASE_URL, or promote it (pg_promote())',
    );
  if (isReadOnly)
    throw new Error(
      'It takes no writes: turn default_transaction_read_only off, for the server, the database and its user',
    );
  const connections = `${used} of its ${most} connections are in use`;
  if (used > most * MOST_IN_USE) throw new Error(`${connections}: raise max_connections, or start fewer processes`);
  return `${version}, takes writes; ${connections}`;
}
