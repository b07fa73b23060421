import type { FastifyInstance } from 'fastify';
import { findArticles } from '../../articles/store.ts';
import { CodedError } from '../../errors.ts';
import type { ArticleId } from '../../ids.ts';
import type { ClosedSnapshot } from '../../ranking/closed-list.ts';
import type { Snapshot } from '../../ranking/list.ts';
import { PERIODS } from '../../ranking/periods.ts';
import { present } from '../../ranking/store.ts';
import { findClosed } from '../find-closed.ts';
import { findList, scopeOf } from '../find-list.ts';
import type { Lists } from '../lists.ts';
import { feedAnswers } from '../schemas/feed-answers.ts';
import { ClosedParams, ClosedQuery, DEFAULT_FEED_ITEMS, RankingParams, RankingQuery } from '../schemas/ranking.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { SendFeed } from '../send-feed.ts';
import { FEED_FORMATS, type FeedFormat } from '../syndication/formats.ts';
import { type ChannelFrame, listChannel } from '../syndication/list-channel.ts';
import type { ApiTools } from '../tools.ts';
import { CLOSED } from './closed-lists.ts';
import { CURRENT, PAST } from './rankings.ts';

type Tools = Pick<ApiTools, 'sql' | 'settings'>;

/** Every list as a feed of each format, best first. */
export function listFeedRoutes(tools: Tools, lists: Lists, send: SendFeed) {
  return async (app: FastifyInstance): Promise<void> => {
    for (const format of FEED_FORMATS) {
      addCurrent(app, format);
      addClosed(app, format);
    }
  };

  function addCurrent(app: FastifyInstance, format: FeedFormat): void {
    app.withTypeProvider<SchemaTypes>().get(
      `/v1/rankings/:kind${format.suffix}`,
      {
        schema: {
          summary: `A list as ${format.name}`,
          tags: ['feeds out'],
          params: RankingParams,
          querystring: RankingQuery,
          response: feedAnswers(format),
        },
      },
      async (request, reply) => {
        const { limit = DEFAULT_FEED_ITEMS, exclude, at } = request.query;
        const snapshot = await findList(lists, request.params.kind, request.query);
        const channelOf = await channelOver(
          present(snapshot, { limit, ...(exclude !== undefined && { exclude: exclude as ArticleId }) }),
        );
        return send(request, reply.header('cache-control', at === undefined ? CURRENT : PAST), format, channelOf);
      },
    );
  }

  function addClosed(app: FastifyInstance, format: FeedFormat): void {
    const site = { siteName: tools.settings.SITE_NAME, zone: tools.settings.SITE_TIME_ZONE };
    app.withTypeProvider<SchemaTypes>().get(
      `/v1/rankings/closed/:period/:start${format.suffix}`,
      {
        schema: {
          summary: `The access list of a finished period as ${format.name}`,
          tags: ['feeds out'],
          params: ClosedParams,
          querystring: ClosedQuery,
          response: feedAnswers(format),
        },
      },
      async (request, reply) => {
        const { limit = DEFAULT_FEED_ITEMS, category, revision } = request.query;
        const period = PERIODS.find((known) => known === request.params.period);
        if (period === undefined) throw new CodedError('list-unknown', `Periods are ${PERIODS.join(', ')}.`);
        const scope = await scopeOf(lists, category);
        const list = await findClosed(tools.sql, site, { period, start: request.params.start, scope, revision });
        const channelOf = await channelOver({ ...list, items: list.items.slice(0, limit) });
        return send(request, reply.header('cache-control', CLOSED), format, channelOf);
      },
    );
  }

  async function channelOver(
    list: Snapshot | ClosedSnapshot,
  ): Promise<(frame: ChannelFrame) => ReturnType<typeof listChannel>> {
    const articles = await findArticles(
      tools.sql,
      list.items.map(({ article }) => article.id),
    );
    return (frame) => listChannel(frame, list, articles);
  }
}
