import type { Sql } from '../../engines/sql.ts';
import type { ArticleId, StoryId } from '../../ids.ts';
import type { Article } from '../article.ts';
import { type ArticleRow, articleOf, COLUMNS } from '../rows.ts';

/** A story with its articles, newest first. Copies are not among them: they say nothing that their original does not. */
export interface StoryDetail {
  readonly id: StoryId;
  readonly articles: readonly Article[];
}

type Row = ArticleRow & { readonly story_id: StoryId };

/**
 * The newest other articles of this article's story, and the story's id; undefined where there are none. Of a copy, its
 * original is no other article.
 */
export async function findRelated(sql: Sql, id: ArticleId, limit: number): Promise<StoryDetail | undefined> {
  const { rows } = await sql.query<Row>(
    `select ${COLUMNS}, article.story_id
     from articles given
     join articles article on article.story_id = given.story_id
     where given.id = $1 and article.original_id is null
       and article.id <> given.id and article.id is distinct from given.original_id
     order by article.published_at desc, article.id desc
     limit $2`,
    [id, limit],
  );
  return storyOf(rows);
}

/** The newest articles of the story that has or had this id; undefined where there is no such story, or nothing left of it. */
export async function findStory(sql: Sql, id: StoryId, limit: number): Promise<StoryDetail | undefined> {
  const { rows } = await sql.query<Row>(
    `select ${COLUMNS}, article.story_id
     from stories story
     join articles article on article.story_id = coalesce(story.merged_into, story.id)
     where story.id = $1 and article.original_id is null
     order by article.published_at desc, article.id desc
     limit $2`,
    [id, limit],
  );
  return storyOf(rows);
}

function storyOf(rows: readonly Row[]): StoryDetail | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  return { id: first.story_id, articles: rows.map(({ story_id, ...row }) => articleOf(row)) };
}
