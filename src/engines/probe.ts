import type { Connections, PostgresPool } from './postgres.ts';
import type { Sql } from './sql.ts';

/** What a look found: it answers; it answers on new connections only, those of before are dead; nothing answers. */
export type Finding = 'answers' | 'anew' | 'silent';

/** Asks PostgreSQL beside all work, on a connection that nothing else keeps busy, whether it answers. */
export interface Probe {
  /** Its answer to a question of no weight. Fails after a second without one. */
  ask<T>(question: (sql: Sql) => Promise<T>): Promise<T>;
  /** Takes two seconds at most. Who asks while somebody looks gets the same finding. */
  look(): Promise<Finding>;
  connections(): Connections;
  close(): Promise<void>;
}

export const PATIENCE_MS = 1000;

/** `open` gives a pool for a single connection. */
export function openProbe(open: () => PostgresPool): Probe {
  let kept = open();
  let looking: Promise<Finding> | undefined;

  /**
   * Where the connection that was there is silent, a new one is made beside it. A server that slept answers on both; behind
   * a firewall that forgot all connections the new one alone is answered. One that broke, and was not silent, is no sign:
   * so did the others then, each for itself, or it alone.
   */
  async function find(): Promise<Finding> {
    const asked = ping(kept.sql);
    if ((await replyTo(asked)) === 'answer') return 'answers';
    const other = open();
    const [late, fresh] = await Promise.all([replyTo(asked), replyTo(ping(other.sql))]);
    if (late === 'answer') {
      other.abandon();
      return 'answers';
    }
    kept.abandon();
    kept = other;
    if (fresh !== 'answer') return 'silent';
    return late === 'none' ? 'anew' : 'answers';
  }

  function look(): Promise<Finding> {
    looking ??= find().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    async ask(question) {
      const answer = question(kept.sql);
      if ((await replyTo(answer)) !== 'none') return await answer;
      // The next who asks needs a connection that lives.
      void look();
      throw new Error('PostgreSQL does not answer.');
    },
    look,
    connections: () => kept.connections(),
    async close() {
      await looking;
      kept.abandon();
    },
  };
}

/** Of the embedded one, which answers or is busy, and never silent for any other reason. */
export function probeEmbedded(sql: Sql): Probe['ask'] {
  return async (question) => {
    const answer = question(sql);
    if ((await replyTo(answer)) !== 'none') return await answer;
    throw new Error('PostgreSQL is busy.');
  };
}

const ping = (sql: Sql) => sql.query('select 1');

/** What came within a second. What the server itself says against a question is an answer, too. */
function replyTo(asked: Promise<unknown>): Promise<'answer' | 'failure' | 'none'> {
  return new Promise((resolve) => {
    // What lies there already goes first: a process that had no CPU for a while finds both at once.
    const timer = setTimeout(() => setImmediate(resolve, 'none'), PATIENCE_MS);
    const end = (reply: 'answer' | 'failure') => {
      clearTimeout(timer);
      resolve(reply);
    };
    asked.then(
      () => end('answer'),
      (error: unknown) => end(isFromServer(error) ? 'answer' : 'failure'),
    );
  });
}

/** Only what PostgreSQL sends has a severity. */
const isFromServer = (error: unknown): boolean => error instanceof Error && 'severity' in error;
