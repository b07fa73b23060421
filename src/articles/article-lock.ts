import { type Sql, UNASKED } from '../engines/sql.ts';

/**
 * Polls give articles new words side by side, each in one statement and in the order of ids. Who decides on copies and
 * stories writes to the same articles in several statements, which can follow no order. So polls share this lock, and a
 * decider has it alone, from its first write until its transaction ends, which is a few milliseconds mostly. It comes after
 * the keys of a poll and all locks of deciders. The numbers mean nothing; they only must not be used elsewhere.
 */
const ARTICLES = '1852143218, 4';

/** For one statement that writes to articles in the order of their ids. */
export async function shareArticles(sql: Sql): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock_shared(${ARTICLES})`, [], UNASKED);
}

/** Waits for those who share; until the transaction ends nobody else writes to articles that are stored. */
export async function holdArticles(sql: Sql): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(${ARTICLES})`, [], UNASKED);
}
