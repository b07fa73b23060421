import { readFileSync } from 'node:fs';
import type { Sql } from '../../engines/sql.ts';
import { type Searchable, tsvectorOf } from './document.ts';

const SAVE_WORDS = readFileSync(new URL('./save-words.sql', import.meta.url), 'utf8');

/** Makes stored articles findable by these words. Call it in the transaction that stores them. */
export async function saveWords(sql: Sql, articles: readonly Searchable[]): Promise<void> {
  if (articles.length === 0) return;
  await sql.query(SAVE_WORDS, [articles.map(({ id }) => id), articles.map(tsvectorOf)]);
}
