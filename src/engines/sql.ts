/**
 * PostgreSQL as the stages see it, whether a server or the embedded one answers. Values come back alike from both:
 * bigint, count(*) and numeric as number, timestamptz as Date, date as text, json and jsonb parsed, bytea as Uint8Array,
 * arrays as arrays. Sessions run in UTC.
 */
export interface Sql {
  /** Runs one statement with its parameters (`$1`, `$2`, …). Arrays go in as arrays, json as a string. */
  query<Row = Record<string, unknown>>(text: string, parameters?: readonly unknown[], how?: How): Promise<Result<Row>>;
  /**
   * Runs `work` in one transaction: committed when it returns, rolled back when it throws. Nests as a savepoint. `opening`:
   * statements without parameters that go first (locks), on the same way to the server as what `work` begins with.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>, opening?: readonly string[]): Promise<T>;
  /** Runs several statements without parameters, as a migration does. */
  script(text: string): Promise<void>;
}

export interface How {
  /**
   * Each connection of a server parses and plans the statement once, which for a long one takes more than running it. Only
   * for a text that is the same for ever, and whose best plan does not depend on its parameters.
   */
  readonly isPrepared?: boolean;
  /**
   * What a statement of a transaction answers is not waited for. It goes to the server with what follows it, at the latest
   * with the commit; if it fails, so does the transaction, and for that reason. Elsewhere it is waited for as always.
   */
  readonly isUnasked?: boolean;
}

export const PREPARED: How = { isPrepared: true };
export const UNASKED: How = { isPrepared: true, isUnasked: true };

export interface Result<Row> {
  readonly rows: Row[];
  /** Rows written or read by the statement. */
  readonly count: number;
}
