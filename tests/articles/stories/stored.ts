import { becomeDecider } from '../../../src/articles/copies/decider.ts';
import { assignStories, type StoryArticle } from '../../../src/articles/stories/assign.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import type { ArticleId } from '../../../src/ids.ts';

/** Puts bare articles into their table, as if polls had just stored them. */
export async function insertPlain(sql: Sql, articles: readonly StoryArticle[]): Promise<void> {
  await sql.query(
    `insert into articles (id, title, summary, language, published_at, published_from, first_seen_at, updated_at, content_hash)
     select id, title, summary, language, published_at, 'feed', published_at, published_at, decode('00', 'hex')
     from json_to_recordset($1::json) as given (
       id text, title text, summary text, language text, published_at timestamptz
     )`,
    [JSON.stringify(articles.map((article) => ({ ...article, published_at: article.publishedAt })))],
  );
}

/** Gives those of the articles a story that are originals without one, as matching does. */
export async function giveStories(sql: Sql, articles: readonly StoryArticle[], now: Date): Promise<void> {
  await sql.transaction(async (within) => {
    await becomeDecider(within);
    const { rows } = await within.query<{ id: ArticleId }>(
      'select id from articles where id = any ($1::text[]) and story_id is null and original_id is null',
      [articles.map(({ id }) => id)],
    );
    const wanted = new Set(rows.map(({ id }) => id));
    const stories = await assignStories(
      within,
      articles.filter(({ id }) => wanted.has(id)),
      now,
    );
    await within.query(
      `update articles set story_id = given.story from unnest($1::text[], $2::bigint[]) as given (article, story)
       where id = given.article`,
      [[...stories.keys()], [...stories.values()]],
    );
  });
}

/** The story of each article that has one. */
export async function storiesOf(sql: Sql): Promise<Map<ArticleId, number>> {
  const { rows } = await sql.query<{ id: ArticleId; story_id: number }>(
    'select id, story_id from articles where story_id is not null',
  );
  return new Map(rows.map(({ id, story_id }) => [id, story_id]));
}
