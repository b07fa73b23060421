import type { PoolClient } from 'pg';
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
}

/** Limits the session of a lent connection; `onDead` hears that it was given up, and that all that runs on it fails. */
export function limitAnswers(client: PoolClient, session: Session, onDead: (error: Error) => void): LimitedSession {
  let isLimited = true;
  let owed = 0;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    const error = new Error(`PostgreSQL has not answered for ${ANSWER_LIMIT_MS / 1000} s.`);
    onDead(error);
    client.release(error);
    // Without ceremony: it would wait for the answers of what was sent.
    client.connection.stream.destroy();
  };
  const inTime = async <T>(run: Promise<T>): Promise<T> => {
    if (!isLimited) return await run;
    owed += 1;
    timer ??= setTimeout(giveUp, ANSWER_LIMIT_MS);
    try {
      return await run;
    } finally {
      // The server begins with the next only now.
      clearTimeout(timer);
      owed -= 1;
      timer = owed > 0 ? setTimeout(giveUp, ANSWER_LIMIT_MS) : undefined;
    }
  };
  return {
    inTime,
    query: (text, parameters, how) => inTime(session.query(text, parameters, how)),
    script(text) {
      if (LIFTS_LIMIT.test(text)) isLimited = false;
      return inTime(session.script(text));
    },
  };
}
