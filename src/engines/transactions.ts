import { AsyncLocalStorage } from 'node:async_hooks';
import { type How, type Result, type Sql, UNASKED } from './sql.ts';

/** One connection, on which statements run one after another. */
export interface Session {
  query<Row>(text: string, parameters: readonly unknown[], how?: How): Promise<Result<Row>>;
  script(text: string): Promise<void>;
}

/** What an engine brings along; everything else of Sql is the same for all of them. */
export interface Driver {
  /** For single statements: on whichever connection is free. */
  readonly free: Session;
  /** Holds one connection for `work`, between `begin` and `commit` or `rollback`. */
  begin<T>(work: (session: Session) => Promise<Finished<T>>): Promise<T>;
  /** All share one connection: within a transaction, a statement outside of it would wait for ever. */
  readonly isSingle: boolean;
}

/** What a transaction's work came to. */
export interface Finished<T> {
  readonly value: T;
  /** Rejects if a statement failed whose answer was not waited for. It may be answered with the commit. */
  readonly settled: Promise<unknown>;
}

interface Transaction {
  isOpen: boolean;
}

const current = new AsyncLocalStorage<Transaction>();
let open = 0;

/**
 * Within a transaction only the Sql that it was given may be used. Through the outer one, a statement would run beside
 * the transaction on a server, and would wait for ever on the embedded engine, which has one connection. There it is
 * refused, and there all tests run: on a server the look-out would cost a transaction of ten statements a twentieth.
 */
function refuseInside(): void {
  if (current.getStore()?.isOpen === true) {
    throw new Error('Within a transaction, use the Sql that it hands to its callback.');
  }
}

type Work<T> = (sql: Sql) => Promise<T>;

/** Runs the work of a transaction, or of a savepoint, which `depth` of them surround. */
async function finish<T>(
  session: Session,
  depth: number,
  work: Work<T>,
  opening: readonly string[],
): Promise<Finished<T>> {
  const unasked: Promise<unknown>[] = [];
  const query: Session['query'] = async (text, parameters, how) => {
    if (how?.isUnasked !== true) return await session.query(text, parameters, how);
    // Whatever surrounds this transaction has nothing to wait for.
    const answer = session.query(text, parameters, { ...how, isUnasked: false });
    answer.catch(() => {});
    unasked.push(answer);
    return { rows: [], count: 0 };
  };
  try {
    for (const text of opening) await query(text, [], UNASKED);
    const value = await work(within({ ...session, query }, depth));
    return { value, settled: Promise.all(unasked) };
  } catch (error) {
    // After a statement that failed all others do, for no reason of their own.
    await Promise.all(unasked);
    throw error;
  }
}

function within(session: Session, depth: number): Sql {
  return {
    query: (text, parameters = [], how) => session.query(text, parameters, how),
    script: (text) => session.script(text),
    async transaction(work, opening = []) {
      const name = `nested_${depth}`;
      try {
        await session.query(`savepoint ${name}`, [], UNASKED);
        const { value, settled } = await finish(session, depth + 1, work, opening);
        const released = session.script(`release savepoint ${name}`);
        released.catch(() => {});
        await settled;
        await released;
        return value;
      } catch (error) {
        // Where not even the savepoint came about, the first error is the one that tells why.
        await session.script(`rollback to savepoint ${name}; release savepoint ${name}`).catch(() => {});
        throw error;
      }
    },
  };
}

/** The Sql of an engine. */
export function sqlOver(driver: Driver): Sql {
  return driver.isSingle ? guarded(driver) : outer(driver);
}

function outer({ free, begin }: Driver): Sql {
  return {
    query: (text, parameters = [], how) => free.query(text, parameters, how),
    script: (text) => free.script(text),
    transaction: (work, opening = []) => begin((session) => finish(session, 1, work, opening)),
  };
}

function guarded(driver: Driver): Sql {
  const { query, script, transaction } = outer({
    ...driver,
    begin: async (work) => {
      const entered: Transaction = { isOpen: true };
      open += 1;
      try {
        return await driver.begin((session) => current.run(entered, () => work(session)));
      } finally {
        entered.isOpen = false;
        open -= 1;
        // Before Node 24 a storage in use makes every promise of the process dearer: a poll without news, by three quarters.
        if (open === 0) current.disable();
      }
    },
  });
  return {
    async query(...given) {
      refuseInside();
      return await query(...given);
    },
    async script(text) {
      refuseInside();
      await script(text);
    },
    async transaction(...given) {
      refuseInside();
      return await transaction(...given);
    },
  };
}
