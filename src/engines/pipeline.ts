/**
 * The statements of a transaction on a lent connection. Those that are called in one turn of the event loop go out in one
 * packet with one Sync at its end, so that the server answers them in one, too: with a Sync each, as the client library
 * sends them, every answer is a packet of its own, which both sides spend more time on than on many a statement.
 *
 * After a statement that failed the server skips the others up to the Sync: they fail for the same reason. In a transaction
 * they would have failed anyway.
 */
import { type Connection, type PoolClient, Query } from 'pg';
import type { Result } from './sql.ts';
import { decoderOf } from './values.ts';

export interface Answer<Row> extends Result<Row> {
  /** What was done: COMMIT, SELECT, … */
  readonly command: string;
}

export interface Pipeline {
  /** Runs a statement; under a name, each connection parses and describes it once. */
  query<Row>(text: string, values: readonly Value[], name: string | undefined): Promise<Answer<Row>>;
  /** Runs several statements without parameters, after those that were called before. */
  script(text: string): Promise<void>;
}

type Value = string | Buffer | null;

type Row = Record<string, unknown>;

interface Statement {
  readonly text: string;
  readonly name: string | undefined;
  readonly values: readonly Value[];
  readonly rows: Row[];
  columns: Columns | undefined;
  answer: Answer<Row> | undefined;
  resolve(answer: Answer<never>): void;
  reject(error: unknown): void;
}

/** How the rows of a statement are made. */
interface Columns {
  readonly names: readonly string[];
  readonly decoders: readonly ((text: string) => unknown)[];
  /** With all names: copied, rows get one shape at once. */
  readonly empty: Row;
}

const NO_COLUMNS: Columns = { names: [], decoders: [], empty: {} };

/** What the client library keeps of a connection: the statements that it parsed, and those that it is parsing. */
interface Parsing {
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
}

/** The columns of a connection's named statements: they cannot change, the server refuses to run such a statement again. */
const described = new WeakMap<PoolClient, Map<string, Columns>>();

export function pipelineOn(client: PoolClient): Pipeline {
  const known = described.get(client) ?? new Map<string, Columns>();
  described.set(client, known);
  let called: Statement[] = [];
  const send = () => {
    if (called.length === 0) return;
    const statements = called;
    called = [];
    client.query(new Together(statements, known));
  };
  return {
    query: (text, values, name) =>
      new Promise((resolve, reject) => {
        if (called.length === 0) process.nextTick(send);
        const columns = name === undefined ? undefined : known.get(name);
        called.push({ text, name, values, rows: [], columns, answer: undefined, resolve, reject });
      }),
    async script(text) {
      send();
      await client.query(text);
    },
  };
}

/**
 * A class, because the client library takes no other query on a connection whose queries do not wait for each other: it
 * calls these methods with the messages that come in.
 */
class Together extends Query {
  /** Of the statement that is being answered; the library notes it as parsed when it is. */
  name: string | undefined;
  text: string | undefined;
  readonly #statements: readonly Statement[];
  readonly #known: Map<string, Columns>;
  #at = 0;

  constructor(statements: readonly Statement[], known: Map<string, Columns>) {
    super('');
    this.#statements = statements;
    this.#known = known;
    this.#next(0);
  }

  override submit = (connection: Connection) => submit(connection as Connection & Parsing, this.#statements);

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    const statement = this.#statements[this.#at];
    if (statement !== undefined) statement.columns = columnsOf(fields);
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const statement = this.#statements[this.#at];
    if (statement === undefined) return;
    try {
      statement.rows.push(rowOf(statement.columns ?? NO_COLUMNS, fields));
    } catch (error) {
      // Thrown on, it would end the process: nobody stands above the message.
      statement.reject(error);
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const statement = this.#statements[this.#at];
    if (statement === undefined) return;
    const { name, columns = NO_COLUMNS, rows } = statement;
    if (name !== undefined) this.#known.set(name, columns);
    statement.answer = { rows, ...countOf(text) };
    this.#next(this.#at + 1);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleError(error: unknown, connection: Connection): void {
    this.handleReadyForQuery();
    const { submittedNamedStatements } = connection as Connection & Parsing;
    for (const { name, reject } of this.#statements.slice(this.#at)) {
      // The server has not looked at those that follow the one that failed.
      if (name !== undefined) delete submittedNamedStatements[name];
      reject(error);
    }
  }

  handleReadyForQuery(): void {
    for (const { answer, resolve } of this.#statements) if (answer !== undefined) resolve(answer as Answer<never>);
  }

  #next(at: number): void {
    this.#at = at;
    this.name = this.#statements[at]?.name;
    this.text = this.#statements[at]?.text;
  }
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

function submit(connection: Connection & Parsing, statements: readonly Statement[]): void {
  const { stream, parsedStatements, submittedNamedStatements } = connection;
  stream.cork();
  for (const { text, name = '', values, columns } of statements) {
    if (name === '' || (parsedStatements[name] ?? submittedNamedStatements[name]) === undefined) {
      connection.parse({ name, text, types: [] }, true);
      if (name !== '') submittedNamedStatements[name] = text;
    }
    connection.bind({ statement: name, values: [...values] }, true);
    if (columns === undefined) connection.describe({ type: 'P' }, true);
    connection.execute(null, true);
  }
  connection.sync();
  stream.uncork();
}

function columnsOf(fields: readonly Field[]): Columns {
  const names = fields.map(({ name }) => name);
  return {
    names,
    decoders: fields.map(({ dataTypeID }) => decoderOf(dataTypeID)),
    empty: Object.fromEntries(names.map((name) => [name, null])),
  };
}

function rowOf({ names, decoders, empty }: Columns, values: readonly (string | null)[]): Row {
  const row = { ...empty };
  for (let index = 0; index < names.length; index++) {
    const value = values[index] ?? null;
    if (value !== null) row[names[index] as string] = decoders[index]?.(value);
  }
  return row;
}

/** `INSERT 0 5`, `SELECT 3`, `BEGIN`. */
function countOf(tag: string): { command: string; count: number } {
  const space = tag.indexOf(' ');
  if (space < 0) return { command: tag, count: 0 };
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1));
  return { command: tag.slice(0, space), count: Number.isNaN(count) ? 0 : count };
}
