import type { Sql } from '../../engines/sql.ts';
import { forgetTerms } from './frequencies.ts';

/**
 * Removes stories that began before `before` and have no article any more, with the ids that led to them, and the counts
 * of words that nobody uses any more; answers how many stories. Call it after old articles were removed.
 */
export async function forgetStories(sql: Sql, before: Date, now: Date): Promise<number> {
  const { count } = await sql.query(
    `delete from stories story
     where first_at < $1 and merged_into is null
       and not exists (select 1 from articles where articles.story_id = story.id)
       and not exists (select 1 from story_centroids open where open.story_id = story.id)`,
    [before],
  );
  await forgetTerms(sql, now);
  return count;
}
