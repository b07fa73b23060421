import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { listCategories } from '../articles/store.ts';
import { type Clock, MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { CategorySlug } from '../ids.ts';
import { baseUrlOf } from './base-url.ts';
import { openKeptOne } from './kept.ts';
import type { Channel } from './syndication/channel.ts';
import type { FeedFormat } from './syndication/formats.ts';
import type { ChannelFrame } from './syndication/list-channel.ts';

const NAMES_FRESH_MS = MINUTE;

/** Sends a channel, made in the frame that the request asks for, in a format. Its ETag is that of its text. */
export type SendFeed = (
  request: FastifyRequest,
  reply: FastifyReply,
  format: FeedFormat,
  channelIn: (frame: ChannelFrame) => Channel,
) => Promise<FastifyReply>;

export function openSendFeed(tools: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'SITE_NAME' | 'PUBLIC_URL' | 'WEBSUB_HUB'>;
}): SendFeed {
  const { SITE_NAME, PUBLIC_URL, WEBSUB_HUB } = tools.settings;
  const names = openKeptOne<ReadonlyMap<CategorySlug, string>>(
    NAMES_FRESH_MS,
    async () => new Map((await listCategories(tools.sql)).map(({ slug, name }) => [slug, name])),
  );

  return async (request, reply, format, channelIn) => {
    const base = baseUrlOf(request, PUBLIC_URL);
    const self = selfOf(request, base);
    const hub = WEBSUB_HUB === undefined ? null : new URL(WEBSUB_HUB).href;
    const frame = { base, self, hub, now: tools.clock(), names: await names() };
    // Where to subscribe is also said beside the body (WebSub, 4): hubs look there first.
    if (hub !== null) reply.header('link', `<${hub}>; rel="hub", <${self}>; rel="self"`);
    return reply.type(`${format.type}; charset=utf-8`).send(format.write(channelIn(frame), SITE_NAME));
  };
}

/** The URL that was asked for, without what no feed here knows: a feed says of itself only what it means. */
function selfOf({ url, routeOptions }: FastifyRequest, base: string): string {
  const { pathname, searchParams } = new URL(url, 'http://a');
  const { properties = {} } = (routeOptions.schema?.querystring ?? {}) as { readonly properties?: object };
  const query = new URLSearchParams([...searchParams].filter(([name, value]) => name in properties && value !== ''));
  return `${base}${pathname}${query.size === 0 ? '' : `?${query}`}`;
}
