import { createHash } from 'node:crypto';
import { type Client, type CustomTypesConfig, Pool, type QueryConfig } from 'pg';
import { CodedError, messageOf } from '../errors.ts';
import { addressOf } from './address.ts';
import { ANSWER_LIMIT_MS, type LimitedSession, limitAnswers } from './answer-limit.ts';
import { type Pipeline, pipelineOn } from './pipeline.ts';
import { type How, PREPARED, type Result, type Sql } from './sql.ts';
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

/** PostgreSQL by way of a few connections, each made when it is needed. */
export interface PostgresPool {
  readonly sql: Sql;
  /** Waits for what runs. */
  close(): Promise<void>;
  /** Lets all connections go without a word to the server, which may be gone: what runs on them fails, nothing more begins. */
  abandon(): void;
  connections(): Connections;
}

export interface PoolLimits {
  readonly max: number;
  /** How long a connection may take to be made (ms). */
  readonly connectMs: number;
}

/** PostgreSQL on a server; `onError` hears of connections that failed. Throws `database-unreachable` when nobody answers at first. */
export async function openPostgres(url: string, onError?: () => void): Promise<PostgresPool> {
  const pool = openPool(url, onError);
  try {
    await pool.sql.query('select 1');
  } catch (error) {
    await pool.close();
    throw unreachable(url, error);
  }
  return pool;
}

/** The same, not asked for anything yet. */
export function openPool(
  url: string,
  onError: () => void = () => {},
  { max = MAX_CONNECTIONS, connectMs = CONNECT_TIMEOUT_MS }: Partial<PoolLimits> = {},
): PostgresPool {
  const open = new Set<Client>();
  let isAbandoned = false;
  const pool = new Pool({
    connectionString: url,
    application_name: 'newsrank',
    types: TYPES,
    max,
    // A statement goes out when it is called, whether the one before was answered or not.
    pipeline: true,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    onConnect: async (client) => {
      if (isAbandoned) throw new Error('Connection terminated: it came too late.');
      open.add(client as Client);
      client.once('end', () => open.delete(client as Client));
      await client.query(limited(SESSION_SETTINGS));
    },
  });
  // The pool replaces a connection that breaks while idle; unheard, the event would end the process.
  pool.on('error', onError);
  const lend: Lend = (run) => lendFrom(pool, run, onError);
  const sql = sqlOver({
    isSingle: false,
    free: sessionOn(lend),
    begin: (work) => begin(lend, work),
  });
  return {
    sql,
    close: () => pool.end(),
    abandon() {
      isAbandoned = true;
      // First, so that nobody who waits is lent the place of one that breaks.
      pool.end().catch(() => {});
      for (const { connection } of open) connection.stream.destroy();
    },
    connections() {
      const { totalCount, idleCount: idle, waitingCount: waiting } = pool;
      return { busy: totalCount - idle, idle, waiting };
    },
  };
}

const limited = (text: string): QueryConfig & { query_timeout: number } => ({ text, query_timeout: ANSWER_LIMIT_MS });

/** A connection of the pool while it is lent. */
interface Lent {
  readonly pipeline: Pipeline;
  readonly session: LimitedSession;
  /** It is not used again. */
  discard(error: unknown): void;
}

type Lend = <T>(run: (lent: Lent) => Promise<T>) => Promise<T>;

/** For single statements. One that failed takes its connection along: a script may have failed within a transaction. */
function sessionOn(lend: Lend): Session {
  const once = <T>(work: (session: Session) => Promise<T>) =>
    lend(async ({ session, discard }) => {
      try {
        return await work(session);
      } catch (error) {
        discard(error);
        throw error;
      }
    });
  return {
    query: (text, parameters, how) => once((session) => session.query(text, parameters, how)),
    script: (text) => once((session) => session.script(text)),
  };
}

function sessionOnLent({ query, script }: Pipeline): Session {
  return {
    async query<Row>(text: string, parameters: readonly unknown[], how?: How): Promise<Result<Row>> {
      try {
        const name = how?.isPrepared === true ? nameOf(text) : undefined;
        const { rows, count } = await query<Row>(text, parameters.map(asParameter), name);
        return { rows, count };
      } catch (error) {
        // Its own leads to where the answer came in, this one to who asked.
        if (error instanceof Error) Error.captureStackTrace(error);
        throw error;
      }
    },
    script,
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

async function begin<T>(lend: Lend, work: (session: Session) => Promise<Finished<T>>): Promise<T> {
  return await lend(async ({ pipeline, session, discard }) => {
    try {
      // Fails only with the connection, and then so does what follows.
      session.query('begin', [], PREPARED).catch(() => {});
      const { value, settled } = await work(session);
      const commit = session.inTime(pipeline.query('commit', [], nameOf('commit')));
      const [{ command }] = await Promise.all([commit, settled]);
      // PostgreSQL answers so, without an error, when a statement failed and the work went on regardless.
      if (command === 'ROLLBACK') throw new Error('The transaction was rolled back: a statement in it had failed.');
      return value;
    } catch (error) {
      // After what was called and has not gone out yet: else that would run outside of the transaction.
      await pipeline.script('rollback').catch(discard);
      throw error;
    }
  });
}

/** Lends a connection for as long as `run` takes; `onError` hears if there is none, or if it breaks. */
async function lendFrom<T>(pool: Pool, run: (lent: Lent) => Promise<T>, onError: () => void): Promise<T> {
  const client = await pool.connect().catch((error) => {
    onError();
    throw error;
  });
  let failure: unknown;
  let isBroken = false;
  let isGivenUp = false;
  const discard = (error: unknown) => {
    failure = error;
  };
  const onBroken = (error: Error) => {
    if (!isBroken) onError();
    isBroken = true;
    discard(error);
  };
  // The pool does not listen to a connection that is lent; the statements on it fail by themselves.
  client.on('error', onBroken);
  const onDead = (error: Error) => {
    isGivenUp = true;
    onBroken(error);
  };
  const pipeline = pipelineOn(client);
  const session = limitAnswers(client, sessionOnLent(pipeline), onDead);
  try {
    return await run({ pipeline, session, discard });
  } finally {
    session.end();
    client.off('error', onBroken);
    if (!isGivenUp) client.release(failure !== undefined);
  }
}

function unreachable(url: string, cause: unknown): CodedError {
  const message = `PostgreSQL at ${addressOf(url, 5432)} cannot be used (${reasonOf(cause)}). Start it or correct DATABASE_URL; unset, an embedded PostgreSQL is used.`;
  return new CodedError('database-unreachable', message, { cause });
}

/** A host with several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof AggregateError && error.message === '' ? error.errors[0] : error);
}
