import type { PoolClient } from 'pg';
import { CodedError } from '../errors.ts';
import type { Session } from './transactions.ts';

/**
 * How long a statement's answer is waited for. The server ends a statement a second earlier (SESSION_SETTINGS), so that
 * without an answer by then the connection is dead (half open: a firewall forgot it, a cable was pulled), however long the
 * kernel goes on believing in it.
 */
export const ANSWER_LIMIT_MS = 25_000;

/** A transaction that lifts the server's limit, as migrations do, lifts ours. */
const LIFTS_LIMIT = /statement_timeout = 0/;

/** A session whose connection is given up when it owes an answer for too long. */
export interface LimitedSession extends Session {
  /** The same for what the session itself does not offer. */
  inTime<T>(run: Promise<T>): Promise<T>;
  /** Nothing more is asked. */
  end(): void;
}

/** Limits the session of a lent connection; `onDead` hears that it was given up, and that all that runs on it fails. */
export function limitAnswers(client: PoolClient, session: Session, onDead: (error: Error) => void): LimitedSession {
  let isLimited = true;
  let owed = 0;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    if (owed === 0) return;
    const message = `PostgreSQL has not answered for ${ANSWER_LIMIT_MS / 1000} s. Try again in a few seconds.`;
    const error = new CodedError('unavailable', message);
    onDead(error);
    client.release(error);
    // Without ceremony: it would wait for the answers of what was sent.
    client.connection.stream.destroy();
  };
  // One timer for all statements, since it is set back at each of them, twice.
  const startAnew = () => {
    timer = timer?.refresh() ?? setTimeout(giveUp, ANSWER_LIMIT_MS);
  };
  const inTime = async <T>(run: Promise<T>): Promise<T> => {
    if (!isLimited) return await run;
    if (owed === 0) startAnew();
    owed += 1;
    try {
      return await run;
    } finally {
      owed -= 1;
      // The server begins with the next only now.
      if (owed > 0) startAnew();
    }
  };
  return {
    inTime,
    end: () => clearTimeout(timer),
    query: (text, parameters, how) => inTime(session.query(text, parameters, how)),
    script(text) {
      if (LIFTS_LIMIT.test(text)) isLimited = false;
      return inTime(session.script(text));
    },
  };
}
