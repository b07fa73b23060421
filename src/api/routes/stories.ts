import type { FastifyInstance } from 'fastify';
import { findStory } from '../../articles/stories/read.ts';
import { CodedError } from '../../errors.ts';
import { parseStoryId } from '../../ids.ts';
import { problems } from '../schemas/problem.ts';
import { StoryParams, StorySchema, storyBody } from '../schemas/story.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const FRESH = 'public, max-age=5, stale-while-revalidate=30';
/** As many as a page of any listing has at most. */
const MAX_ARTICLES = 100;

/** What was written about one event. */
export function storyRoutes({ sql }: Pick<ApiTools, 'sql'>) {
  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/stories/:id',
      {
        schema: {
          summary: 'The newest 100 articles about one event; a merged story answers with its new id',
          tags: ['articles'],
          params: StoryParams,
          response: { 200: StorySchema, ...problems },
        },
      },
      async (request, reply) => {
        const id = parseStoryId(request.params.id);
        const story = id === undefined ? undefined : await findStory(sql, id, MAX_ARTICLES);
        if (story === undefined) throw new CodedError('story-unknown', 'None of its articles is kept any more.');
        reply.header('cache-control', FRESH);
        return storyBody(story);
      },
    );
  };
}
