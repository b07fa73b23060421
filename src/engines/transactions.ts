import { AsyncLocalStorage } from 'node:async_hooks';
import type { How, Result, Sql } from './sql.ts';

/** One connection, on which statements run one after another. */
export interface Session {
  query<Row>(text: string, parameters: readonly unknown[], how?: How): Promise<Result<Row>>;
  script(text: string): Promise<void>;
}

/** What an engine brings along; everything else of Sql is the same for all of them. */
export interface Driver {
  /** For single statements: on whichever connection is free. */
  readonly free: Session;
  /** Holds one connection for `opening` and `work`, between `begin` and `commit` or `rollback`. */
  begin<T>(work: (session: Session) => Promise<T>, opening: string): Promise<T>;
}

interface Transaction {
  isOpen: boolean;
}

const current = new AsyncLocalStorage<Transaction>();
let open = 0;

/**
 * Within a transaction only the Sql that it was given may be used. Through the outer one, a statement would run beside
 * the transaction on a server, and would wait for ever on the embedded engine, which has one connection.
 */
function refuseInside(): void {
  if (current.getStore()?.isOpen === true) {
    throw new Error('Within a transaction, use the Sql that it hands to its callback.');
  }
}

function within(session: Session, depth: number): Sql {
  return {
    query: (text, parameters = [], how) => session.query(text, parameters, how),
    script: (text) => session.script(text),
    async transaction(work, opening = '') {
      const name = `nested_${depth}`;
      try {
        await session.script(`savepoint ${name}; ${opening}`);
        const value = await work(within(session, depth + 1));
        await session.script(`release savepoint ${name}`);
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
  return {
    async query(text, parameters = [], how) {
      refuseInside();
      return await driver.free.query(text, parameters, how);
    },
    async script(text) {
      refuseInside();
      await driver.free.script(text);
    },
    async transaction(work, opening = '') {
      refuseInside();
      const transaction: Transaction = { isOpen: true };
      open += 1;
      try {
        return await driver.begin((session) => current.run(transaction, () => work(within(session, 1))), opening);
      } finally {
        transaction.isOpen = false;
        open -= 1;
        // Before Node 24 a storage in use makes every promise of the process dearer: a poll without news, by three quarters.
        if (open === 0) current.disable();
      }
    },
  };
}
