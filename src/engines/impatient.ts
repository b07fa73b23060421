/**
 * PostgreSQL for those who keep somebody waiting. A connection that is half open looks like one whose statement takes long;
 * only after 25 s it must be dead (answer-limit.ts). So a probe asks on a connection of its own, all the time: while that is
 * answered, a statement takes as long as it takes. When it is not, what is owed here fails at once, and so does all that is
 * asked until it is again: nobody waits in vain, and no waiting request keeps a socket or a connection. Connections on
 * which something was owed are not used again: after a hang they may be dead, though new ones are answered.
 */
import { CodedError } from '../errors.ts';
import type { Connections, PostgresPool } from './postgres.ts';
import type { Finding, Probe } from './probe.ts';
import type { Sql } from './sql.ts';

/** From the moment at which nothing answers to that at which it is known: this, and the two seconds of a look. */
const LOOK_EVERY_MS = 500;

export interface ImpatientEvents {
  /** A call was refused or given up. */
  onError(): void;
  /** PostgreSQL does not answer, or answers again. */
  onHang(isHanging: boolean): void;
}

export interface Impatient {
  readonly sql: Sql;
  close(): Promise<void>;
  connections(): Connections;
}

/** `open` gives a pool, as often as one must be given up. */
export function openImpatient(
  open: () => PostgresPool,
  { look }: Pick<Probe, 'look'>,
  { onError, onHang }: ImpatientEvents,
): Impatient {
  let pool = open();
  let isHanging = false;
  let isLooking = false;
  let isClosed = false;
  const owed = new Set<(error: Error) => void>();

  /** Asks anything of the pool of the moment. */
  function call<T>(run: (sql: Sql) => Promise<T>): Promise<T> {
    if (isHanging) {
      onError();
      return Promise.reject(refusal());
    }
    return new Promise((resolve, reject) => {
      owed.add(reject);
      run(pool.sql).then(
        (value) => {
          owed.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          owed.delete(reject);
          reject(error);
        },
      );
    });
  }

  function giveUp(): void {
    const old = pool;
    pool = open();
    const waiting = [...owed];
    owed.clear();
    for (const reject of waiting) {
      onError();
      reject(refusal());
    }
    old.abandon();
  }

  function heed(finding: Finding): void {
    const wasHanging = isHanging;
    isHanging = finding === 'silent';
    if (finding !== 'answers' && !wasHanging) giveUp();
    if (isHanging !== wasHanging) onHang(isHanging);
  }

  const watch = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    const finding = await look();
    isLooking = false;
    if (!isClosed) heed(finding);
  }, LOOK_EVERY_MS);

  return {
    sql: {
      query: (...given) => call((sql) => sql.query(...given)),
      transaction: (...given) => call((sql) => sql.transaction(...given)),
      script: (...given) => call((sql) => sql.script(...given)),
    },
    async close() {
      isClosed = true;
      clearInterval(watch);
      // What is owed when a hang has just begun is waited for no longer than at any other time.
      if ((await look()) === 'answers') await pool.close();
      else pool.abandon();
    },
    connections: () => pool.connections(),
  };
}

/** Made for each call: its stack leads to who asked. */
function refusal(): CodedError {
  const cause = new Error('PostgreSQL does not answer');
  return new CodedError('unavailable', 'Try again in a few seconds.', { cause });
}
