import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CodedError } from '../../errors.ts';
import { answerHub, findPushed } from '../../feeds/websub/callback.ts';
import { signatureOf } from '../../feeds/websub/signature.ts';
import type { Subscription } from '../../feeds/websub/subscription.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { CallbackParams, CallbackQuery } from '../schemas/websub.ts';
import type { ApiTools } from '../tools.ts';

/** As much as a feed may have on the wire when it is polled. */
const BODY_LIMIT = 10 * 1024 * 1024;
/** Pushes that are read at the same time; the reading threads serve polls too. */
const MAX_READING = 4;
const RETRY_SECONDS = 30;

type Tools = Pick<ApiTools, 'sql' | 'clock' | 'metrics' | 'storePush'>;

/**
 * Where hubs reach us (WebSub, W3C 2018). Whoever knows the token of a path is taken for the hub; what is pushed must be
 * signed besides. Register it in a bare context: bodies of any type come in as bytes.
 */
export function websubRoutes({ sql, clock, metrics, storePush }: Tools) {
  let reading = 0;
  const pushed = new WeakMap<FastifyRequest, Subscription>();

  /** Before the body is read, so that nobody who guesses at paths costs more than a look-up. */
  const findSubscription = async (request: FastifyRequest<{ Params: CallbackParams }>, reply: FastifyReply) => {
    const { token } = request.params;
    const subscription = /^[\w-]{16,64}$/.test(token) ? await findPushed(sql, token) : undefined;
    if (subscription !== undefined) return void pushed.set(request, subscription);
    metrics.pushes.inc({ result: 'unknown' });
    // Gone: the hub may forget the callback (5.1 of the recommendation lets it take this for an end).
    return reply.code(410).send();
  };

  const take = async (request: FastifyRequest, body: Uint8Array) => {
    const subscription = pushed.get(request);
    if (subscription === undefined) return 'unknown';
    const header = request.headers['x-hub-signature'];
    const signature = signatureOf(body, typeof header === 'string' ? header : undefined, subscription.secret);
    if (signature !== 'signed') return signature;
    if (reading >= MAX_READING) {
      throw new CodedError('unavailable', 'Too many pushes at once; send it again.', { retryAfter: RETRY_SECONDS });
    }
    reading++;
    try {
      return await storePush(subscription, body, request.headers['content-type'] ?? null);
    } finally {
      reading--;
    }
  };

  return async (app: FastifyInstance): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
      done(null, body),
    );
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    });

    app.withTypeProvider<SchemaTypes>().get(
      '/websub/:token',
      {
        // A HEAD request must not confirm anything.
        exposeHeadRoute: false,
        schema: { hide: true, params: CallbackParams, querystring: CallbackQuery },
      },
      async ({ params, query }, reply) => {
        const { 'hub.mode': mode, 'hub.challenge': challenge } = query;
        const leaseSeconds = query['hub.lease_seconds'];
        const message = { mode, topic: query['hub.topic'], leaseSeconds, reason: query['hub.reason'] };
        if (challenge === undefined && mode !== 'denied') throw nothingAsked();
        if (!(await answerHub(sql, params.token, message, clock()))) throw nothingAsked();
        // As plain text and never guessed at: the hub's words go out under our name.
        return reply.type('text/plain; charset=utf-8').send(mode === 'denied' ? '' : challenge);
      },
    );

    app.post<{ Params: CallbackParams; Body: Buffer | undefined }>(
      '/websub/:token',
      {
        bodyLimit: BODY_LIMIT,
        onRequest: findSubscription,
        schema: { hide: true },
      },
      async (request, reply) => {
        const result = await take(request, request.body ?? Buffer.alloc(0));
        metrics.pushes.inc({ result });
        // Also for what is left out: the recommendation wants no hint for who forges, and no second try (section 7).
        return reply.code(result === 'unwanted' ? 410 : 202).send();
      },
    );
  };
}

function nothingAsked(): CodedError {
  return new CodedError('route-unknown', 'Nothing was asked of a hub here.');
}
