import type { Sql } from '../engines/sql.ts';
import type { Attributes } from './opml-attributes.ts';
import type { Place } from './opml-feed.ts';

/**
 * An outline of an OPML file that holds no feed: an empty folder, a link to a page, a line of text. Nothing here reads it;
 * it is kept so that an export gives it back where it stood.
 */
export interface OtherOutline extends Place {
  readonly outline: Attributes;
}

/** Keeps outlines, each once, however often its file is imported. */
export async function keepOutlines(sql: Sql, others: readonly OtherOutline[]): Promise<void> {
  if (others.length === 0) return;
  await sql.query(
    `insert into other_outlines (place, outline)
     select new.outline -> 'place', new.outline -> 'outline' from jsonb_array_elements($1::jsonb) as new (outline)
     on conflict (md5((place - 'position')::text || outline::text)) do nothing`,
    [JSON.stringify(others.map(({ outline, ...place }) => ({ outline, place })))],
  );
}

/** All that are kept, in the order in which they came. */
export async function readOutlines(sql: Sql): Promise<OtherOutline[]> {
  const { rows } = await sql.query<{ place: Place; outline: Attributes }>(
    'select place, outline from other_outlines order by id',
  );
  return rows.map(({ place, outline }) => ({ ...place, outline }));
}
