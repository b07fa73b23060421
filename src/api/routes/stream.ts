import type { FastifyInstance, FastifyReply } from 'fastify';
import { CodedError, messageOf } from '../../errors.ts';
import { addressOf, limitKey } from '../address.ts';
import { nameOfCategory } from '../find-list.ts';
import { openHub, type WantedList } from '../hub.ts';
import type { Lists } from '../lists.ts';
import { problems } from '../schemas/problem.ts';
import { DEFAULT_ITEMS } from '../schemas/ranking.ts';
import { parseListNames, StreamQuery } from '../schemas/stream.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { PUBLIC_HEADERS } from '../security.ts';
import type { ApiTools } from '../tools.ts';

/** Open streams of one process (bench/stream.ts says what each costs), and of one address, so that nobody takes them all. */
const MAX_STREAMS = 10_000;
const MAX_STREAMS_PER_ADDRESS = 1000;
const RETRY_SECONDS = 60;
const BEHIND_ANOTHER = 'A stream takes a connection on which no other answer is owed.';

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // nginx would hold events back until its buffer is full.
  'x-accel-buffering': 'no',
  ...PUBLIC_HEADERS,
} as const;

/** Lists as they change, as server-sent events. Register it in a bare context: its answers never end. */
export function streamRoutes({ log }: Pick<ApiTools, 'log'>, lists: Lists) {
  /** By address. */
  const open = new Map<string, number>();

  return async (app: FastifyInstance): Promise<void> => {
    const hub = openHub(lists, (error) => log.warn({ error: messageOf(error) }, 'a list could not be read'));
    app.addHook('preClose', async () => hub.close());

    app.withTypeProvider<SchemaTypes>().get(
      '/v1/stream',
      {
        schema: {
          summary: 'Lists as they change (server-sent events)',
          description:
            'Each event is called `list`; its `id` is the version and its data the list. Last-Event-ID is honoured.',
          tags: ['rankings'],
          querystring: StreamQuery,
          produces: ['text/event-stream'],
          response: { 200: { type: 'string' }, ...problems },
        },
        exposeHeadRoute: false,
        onRequest: async (_request, reply) => {
          reply.header('access-control-allow-origin', '*');
        },
      },
      async (request, reply) => {
        if (hub.size >= MAX_STREAMS) throw new CodedError('unavailable', 'Too many streams are open here.');
        const { limit = DEFAULT_ITEMS } = request.query;
        const wanted = await Promise.all(parseListNames(request.query.lists).map((key) => wantedList(key, limit)));
        const lastEventId = request.headers['last-event-id'];
        // Who left while his lists were looked up has left for good: no event would tell of it any more.
        if (reply.raw.destroyed) return reply.hijack();
        // Neither would one where Node has not come to this answer yet.
        if (reply.raw.socket === null) throw new CodedError('request-invalid', BEHIND_ANOTHER);
        enter(limitKey(addressOf(request)), reply);
        reply.hijack();
        reply.raw.writeHead(200, STREAM_HEADERS);
        reply.raw.flushHeaders();
        await hub
          .join(reply.raw, wanted, typeof lastEventId === 'string' ? lastEventId : undefined)
          .catch(() => reply.raw.destroy());
      },
    );
  };

  function enter(address: string, { raw }: FastifyReply): void {
    const others = open.get(address) ?? 0;
    if (others >= MAX_STREAMS_PER_ADDRESS) {
      throw new CodedError('rate-limited', 'Too many streams from this address.', { retryAfter: RETRY_SECONDS });
    }
    open.set(address, others + 1);
    raw.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  }

  async function wantedList(key: WantedList['key'], limit: number): Promise<WantedList> {
    if (key.scope === 'site') return { key, categoryName: undefined, limit };
    return { key, categoryName: await nameOfCategory(lists, key.scope), limit };
  }
}
