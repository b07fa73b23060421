import type { FastifyInstance } from 'fastify';
import { findArticlePage } from '../find-articles.ts';
import type { Lists } from '../lists.ts';
import { ArticlesQuery } from '../schemas/article.ts';
import { feedAnswers } from '../schemas/feed-answers.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { SendFeed } from '../send-feed.ts';
import { articleChannel } from '../syndication/article-channel.ts';
import { FEED_FORMATS } from '../syndication/formats.ts';
import type { ApiTools } from '../tools.ts';
import { FRESH } from './articles.ts';

/** Every query of articles as a feed of each format; pages follow each other by `next` links. */
export function articleFeedRoutes(
  { sql, settings }: Pick<ApiTools, 'sql' | 'settings'>,
  lists: Pick<Lists, 'categoryName'>,
  send: SendFeed,
) {
  return async (app: FastifyInstance): Promise<void> => {
    for (const format of FEED_FORMATS) {
      app.withTypeProvider<SchemaTypes>().get(
        `/v1/articles${format.suffix}`,
        {
          schema: {
            summary: `Articles of a filter or a search as ${format.name}`,
            tags: ['feeds out'],
            querystring: ArticlesQuery,
            response: feedAnswers(format),
          },
        },
        async (request, reply) => {
          const page = await findArticlePage(sql, lists, request.query);
          return send(request, reply.header('cache-control', FRESH), format, (frame) =>
            articleChannel(frame, settings.SITE_NAME, request.query, page),
          );
        },
      );
    }
  };
}
