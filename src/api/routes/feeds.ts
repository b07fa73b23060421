import type { FastifyInstance } from 'fastify';
import { timeZone } from '../../../config/parse.ts';
import { changeFeed } from '../../articles/change-feed.ts';
import { importFeeds } from '../../articles/import-feeds.ts';
import { removeFeed } from '../../articles/remove-feed.ts';
import { CodedError, messageOf } from '../../errors.ts';
import type { DiscoveredFeeds } from '../../feeds/discovery.ts';
import { explainFeed } from '../../feeds/explain.ts';
import type { Feed } from '../../feeds/feed.ts';
import { limitsOf } from '../../feeds/interval.ts';
import { findFeed, findFeedByUrl, listFeeds, listPolls, readPollTarget } from '../../feeds/store.ts';
import { readFeedUrl } from '../../feeds/url.ts';
import { findPushState } from '../../feeds/websub/store.ts';
import { type FeedId, feedId } from '../../ids.ts';
import {
  DEFAULT_FEEDS,
  ExplanationSchema,
  explanationBody,
  FeedChangesBody,
  FeedDetailSchema,
  FeedParams,
  FeedSchema,
  FeedsQuery,
  feedBody,
  NewFeedBody,
  pollBody,
  pushBody,
  QueuedSchema,
} from '../schemas/feed.ts';
import { pageOf } from '../schemas/page.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const POLLS_SHOWN = 20;
const POLLS_EXPLAINED = 50;

const tags = ['feeds'];
const security = [{ bearer: [] }];

type FeedTools = Pick<ApiTools, 'sql' | 'clock' | 'settings' | 'pollNow' | 'discoverFeeds'>;

/** The feeds, for their admin. Register it behind requireAdmin. */
export function feedRoutes(tools: FeedTools) {
  return async (app: FastifyInstance): Promise<void> => {
    addCollection(app, tools);
    addSingle(app, tools);
  };
}

function addCollection(app: FastifyInstance, { sql, clock, discoverFeeds }: FeedTools): void {
  const routes = app.withTypeProvider<SchemaTypes>();
  routes.get(
    '/v1/feeds',
    {
      schema: {
        summary: 'The feeds with their state',
        tags,
        security,
        querystring: FeedsQuery,
        response: { 200: pageOf(FeedSchema), ...problems },
      },
    },
    async ({ query: { url, failing, cursor, ...filter } }) => {
      if (url !== undefined) {
        const found = await findFeedByUrl(sql, readFeedUrl(url).url);
        return { items: found === undefined ? [] : [feedBody(found)], next: null };
      }
      const page = await listFeeds(sql, {
        ...{ limit: DEFAULT_FEEDS, ...filter },
        ...(cursor && { cursor }),
        ...(failing !== undefined && { isFailing: failing }),
      });
      return { items: page.items.map(feedBody), next: page.next };
    },
  );

  routes.post(
    '/v1/feeds',
    {
      schema: { summary: 'Add a feed', tags, security, body: NewFeedBody, response: { 201: FeedSchema, ...problems } },
    },
    async (request, reply) => {
      const { title = '', categories = [], discover = false, keepDays } = request.body;
      const url = discover ? feedUrlOf(await discoverFeeds(request.body.url), request.body.url) : request.body.url;
      const feed = { url, title, siteUrl: null, categories, ...(keepDays !== undefined && { keepDays }) };
      const { added, existing, rejected } = await importFeeds(sql, [feed], clock());
      if (rejected[0] !== undefined) throw new CodedError('feed-url-invalid', rejected[0].message);
      const [id] = added;
      if (id === undefined) throw new CodedError('feed-exists', `It is feed ${existing[0]}.`);
      return reply
        .code(201)
        .header('location', `/v1/feeds/${id}`)
        .send(feedBody(known(await findFeed(sql, id), id)));
    },
  );
}

function addSingle(app: FastifyInstance, { sql, clock, settings, pollNow }: FeedTools): void {
  const routes = app.withTypeProvider<SchemaTypes>();
  routes.get(
    '/v1/feeds/:id',
    {
      schema: {
        summary: 'A feed with its last polls',
        tags,
        security,
        params: FeedParams,
        response: { 200: FeedDetailSchema, ...problems },
      },
    },
    async (request) => {
      const id = idIn(request.params);
      const [feed, polls, push] = await Promise.all([
        findFeed(sql, id),
        listPolls(sql, id, POLLS_SHOWN),
        findPushState(sql, id),
      ]);
      return { ...feedBody(known(feed, id)), polls: polls.map(pollBody), push: pushBody(push) };
    },
  );

  routes.get(
    '/v1/feeds/:id/explain',
    {
      schema: {
        summary: 'Why a feed is due when it is, how its polls went, and what to do about its errors',
        tags,
        security,
        params: FeedParams,
        response: { 200: ExplanationSchema, ...problems },
      },
    },
    async (request) => {
      const id = idIn(request.params);
      const [target, polls] = await Promise.all([readPollTarget(sql, id), listPolls(sql, id, POLLS_EXPLAINED)]);
      if (target === undefined) throw unknown(id);
      return explanationBody(target, explainFeed(target, polls, limitsOf(settings), clock()));
    },
  );

  routes.patch(
    '/v1/feeds/:id',
    {
      schema: {
        summary: 'Change a feed; the articles that it carries follow it to other categories',
        tags,
        security,
        params: FeedParams,
        body: FeedChangesBody,
        response: { 200: FeedSchema, ...problems },
      },
    },
    async (request) => {
      const id = idIn(request.params);
      checkZone(request.body.defaultZone ?? 'UTC');
      return feedBody(known(await changeFeed(sql, id, request.body, clock()), id));
    },
  );

  app.delete<{ Params: FeedParams }>(
    '/v1/feeds/:id',
    {
      schema: {
        summary: 'Remove a feed; its articles stay',
        ...{
          tags,
          security,
          params: FeedParams,
          response: { 204: { type: 'null', description: 'Removed.' }, ...problems },
        },
      },
    },
    async (request, reply) => {
      const id = idIn(request.params);
      if (!(await removeFeed(sql, id))) throw unknown(id);
      return reply.code(204).send();
    },
  );

  routes.post(
    '/v1/feeds/:id/poll',
    {
      schema: {
        summary: 'Poll now, whatever the schedule says',
        tags,
        security,
        params: FeedParams,
        response: { 202: QueuedSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = known(await findFeed(sql, idIn(request.params)), idIn(request.params));
      await pollNow(id);
      return reply.code(202).send({ queued: true });
    },
  );
}

/** What was asked for where it is a feed itself; a move is the poller's to judge. */
function feedUrlOf({ feeds, best, message }: DiscoveredFeeds, given: string): string {
  if (best !== null) return best.via === 'itself' ? given : best.url;
  if (feeds.length === 0) throw new CodedError('feed-not-found', message ?? 'No feed was found there.');
  throw new CodedError('feed-ambiguous', 'Add the one of "feeds" that you mean.', { members: { feeds } });
}

function checkZone(zone: string): void {
  try {
    timeZone(zone);
  } catch (error) {
    throw new CodedError('request-invalid', `"defaultZone" must be ${messageOf(error)}.`);
  }
}

function idIn({ id }: FeedParams): FeedId {
  return feedId(Number(id));
}

function known(feed: Feed | undefined, id: FeedId): Feed {
  if (feed === undefined) throw unknown(id);
  return feed;
}

function unknown(id: FeedId): CodedError {
  return new CodedError('feed-unknown', `There is no feed ${id}.`);
}
