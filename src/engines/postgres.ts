import { createHash } from 'node:crypto';
import {
  type CustomTypesConfig,
  DatabaseError,
  Pool,
  type PoolClient,
  Query,
  type QueryConfig,
  type QueryResultRow,
} from 'pg';
import { CodedError, messageOf } from '../errors.ts';
import { addressOf } from './address.ts';
import { ANSWER_LIMIT_MS, limitAnswers } from './answer-limit.ts';
import type { How, Result, Sql } from './sql.ts';
import { type Finished, type Session, sqlOver } from './transactions.ts';
import { decoderOf, encode } from './values.ts';

const CONNECT_TIMEOUT_MS = 5000;
const MAX_CONNECTIONS = 10;

/**
 * Set by a statement and not in the startup message, which connection poolers refuse. Values are read in UTC and ISO
 * whatever the server's own settings are, and nothing that hangs holds a lock for long. No statement runs for so long that
 * it is worth compiling: where a table has just been filled, PostgreSQL thought so of each poll, which took 100 ms.
 */
const SESSION_SETTINGS = `
  set time zone 'UTC'; set datestyle = 'ISO'; set bytea_output = 'hex';
  set jit = off; set statement_timeout = '24s'; set idle_in_transaction_session_timeout = '60s'`;

const TYPES = { getTypeParser: decoderOf as CustomTypesConfig['getTypeParser'] };

/** Connections of a pool: in use, free, and calls that wait for one. */
export type Connections = Partial<Record<'busy' | 'idle' | 'waiting', number>>;

/**
 * PostgreSQL on a server; `close` waits for what runs, `onError` hears of connections that failed. Throws
 * `database-unreachable` when nobody answers at first.
 */
export async function openPostgres(
  url: string,
  onError: () => void = () => {},
): Promise<{ sql: Sql; close(): Promise<void>; connections(): Connections }> {
  const pool = new Pool({
    connectionString: url,
    application_name: 'newsrank',
    types: TYPES,
    max: MAX_CONNECTIONS,
    // A statement goes out when it is called, whether the one before was answered or not.
    pipeline: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    onConnect: async (client) => {
      await client.query(limited(SESSION_SETTINGS));
    },
  });
  // The pool replaces a connection that breaks while idle; unheard, the event would end the process.
  pool.on('error', onError);
  try {
    await pool.query('select 1');
  } catch (error) {
    await pool.end();
    throw unreachable(url, error);
  }
  const sql = sqlOver({
    isSingle: false,
    // The pool throws a connection away on which a statement failed, and so one that does not answer.
    free: watched(sessionOn(pool), onError),
    begin: (work) => begin(pool, work, onError),
  });
  const connections = () => {
    const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
    return { busy: totalCount - idle, idle, waiting };
  };
  return { sql, close: () => pool.end(), connections };
}

/** Tells of failures that came from no statement: the server gives a code to what is wrong with those. */
function watched(session: Session, onError: () => void): Session {
  const watch = async <T>(run: Promise<T>): Promise<T> => {
    try {
      return await run;
    } catch (error) {
      if (!(error instanceof DatabaseError)) onError();
      throw error;
    }
  };
  return {
    query: (text, parameters, how) => watch(session.query(text, parameters, how)),
    script: (text) => watch(session.script(text)),
  };
}

const limited = (text: string): QueryConfig & { query_timeout: number } => ({ text, query_timeout: ANSWER_LIMIT_MS });

function sessionOn(pool: Pool): Session {
  return {
    async query<Row>(text: string, parameters: readonly unknown[], how?: How): Promise<Result<Row>> {
      // Without the mode, a text without parameters could hold several statements here, but not on the embedded engine.
      const config: QueryConfig & { queryMode: 'extended' } = {
        ...limited(text),
        values: parameters.map(asParameter),
        queryMode: 'extended',
      };
      if (how?.isPrepared === true) config.name = nameOf(text);
      const { rows, rowCount } = await pool.query(config);
      return { rows, count: rowCount ?? 0 };
    },
    async script(text) {
      await pool.query(limited(text));
    },
  };
}

/**
 * The session of a lent connection. The client copies each configuration property by property, descriptors and all, which
 * is dearer than all else that a statement costs here; a query that was made already it takes as it is.
 */
function sessionOnLent(client: PoolClient): Session {
  return {
    async query<Row>(text: string, parameters: readonly unknown[], how?: How): Promise<Result<Row>> {
      try {
        return await new Promise((resolve, reject) => {
          const query = new Query<Row & QueryResultRow>(text, parameters.map(asParameter), (error, answer) => {
            if (error) reject(error);
            else resolve({ rows: answer.rows, count: answer.rowCount ?? 0 });
          });
          const name = how?.isPrepared === true ? nameOf(text) : undefined;
          client.query(Object.assign(query, { name, queryMode: 'extended' }));
        });
      } catch (error) {
        // Its own leads to where the answer came in, this one to who asked; the client does so otherwise.
        if (error instanceof Error) Error.captureStackTrace(error);
        throw error;
      }
    },
    async script(text) {
      await client.query(text);
    },
  };
}

const names = new Map<string, string>();

/** Made of the text: behind a pooler that hands a session on as it is, no two texts ever have one name. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    names.set(text, name);
  }
  return name;
}

function asParameter(value: unknown): string | Buffer | null {
  const encoded = encode(value);
  return encoded instanceof Uint8Array ? Buffer.from(encoded) : encoded;
}

async function begin<T>(pool: Pool, work: (session: Session) => Promise<Finished<T>>, onError: () => void): Promise<T> {
  const client = await pool.connect().catch((error) => {
    onError();
    throw error;
  });
  let broken: Error | undefined;
  let isGivenUp = false;
  const onBroken = (error: Error) => {
    if (broken === undefined) onError();
    broken = error;
  };
  // The pool does not listen to a connection that is lent; the statements on it fail by themselves.
  client.on('error', onBroken);
  const onDead = (error: Error) => {
    isGivenUp = true;
    onBroken(error);
  };
  const session = limitAnswers(client, gathered(client, sessionOnLent(client)), onDead);
  try {
    // Fails only with the connection, and then so does what follows.
    session.script('begin').catch(() => {});
    const { value, settled } = await work(session);
    const [{ command }] = await Promise.all([session.inTime(client.query('commit')), settled]);
    // PostgreSQL answers so, without an error, when a statement failed and the work went on regardless.
    if (command === 'ROLLBACK') throw new Error('The transaction was rolled back: a statement in it had failed.');
    return value;
  } catch (error) {
    await client.query('rollback').catch(onBroken);
    throw error;
  } finally {
    session.end();
    client.off('error', onBroken);
    if (!isGivenUp) client.release(broken);
  }
}

/** Statements that are called in one turn of the event loop go out in one packet. */
function gathered({ connection: { stream } }: PoolClient, session: Session): Session {
  const gather = () => {
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  };
  return {
    query(text, parameters, how) {
      gather();
      return session.query(text, parameters, how);
    },
    script(text) {
      gather();
      return session.script(text);
    },
  };
}

function unreachable(url: string, cause: unknown): CodedError {
  const message = `PostgreSQL at ${addressOf(url, 5432)} cannot be used (${reasonOf(cause)}). Start it or correct DATABASE_URL; unset, an embedded PostgreSQL is used.`;
  return new CodedError('database-unreachable', message, { cause });
}

/** A host with several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof AggregateError && error.message === '' ? error.errors[0] : error);
}
