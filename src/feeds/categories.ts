import type { Sql } from '../engines/sql.ts';
import { type CategorySlug, categorySlug } from '../ids.ts';
import { closeDirections } from './parse/directions.ts';

const MAX_NAME = 128;

/** Plain text fit for a row and a heading: no control characters, no halves of characters, no open direction, trimmed, cut. */
export function cleanText(text: string, maxLength: number): string {
  const plain = text.replace(/\p{Cc}+/gu, ' ').trim();
  return closeDirections(Buffer.from(plain.slice(0, maxLength)).toString());
}

/** Creates the categories that are missing, after those that are there; an existing one keeps its name and place. */
export async function createCategories(sql: Sql, names: readonly string[]): Promise<void> {
  const found = new Map(names.map((name): [CategorySlug, string] => [categorySlug(name), cleanText(name, MAX_NAME)]));
  if (found.size === 0) return;
  await sql.query(
    `insert into categories (slug, name, position)
     select new.slug, new.name, (select coalesce(max(position), 0) from categories) + new.place
     from unnest($1::text[], $2::text[]) with ordinality as new (slug, name, place)
     order by new.slug
     on conflict (slug) do nothing`,
    [[...found.keys()], [...found.values()]],
  );
}
