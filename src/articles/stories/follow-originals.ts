import { type Sql, UNASKED } from '../../engines/sql.ts';
import type { ArticleId } from '../../ids.ts';

/** Gives copies among these articles the story of their original. Call it once the originals have theirs. */
export async function followOriginals(sql: Sql, ids: readonly ArticleId[]): Promise<void> {
  await sql.query(
    `update articles copy set story_id = original.story_id
     from articles original
     where copy.id = any ($1::text[]) and original.id = copy.original_id
       and copy.story_id is distinct from original.story_id`,
    [ids],
    UNASKED,
  );
}
