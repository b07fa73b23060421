import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import { CodedError } from '../errors.ts';
import { addressOf, limitKey } from './address.ts';
import { openLimiter } from './limiter.ts';
import type { ApiTools } from './tools.ts';

/** From one address: far more than people type, and little enough that no crawler keeps the database busy. */
const COSTLY_PER_MINUTE = 240;
const RETRY_SECONDS = 5;

/** Limits what is looked for anew each time: searches, past lists and explanations. Ready lists are not limited. */
export function openCostLimit({ clock }: Pick<ApiTools, 'clock'>): preHandlerHookHandler {
  const limiter = openLimiter(COSTLY_PER_MINUTE);
  return (request, _reply, done) => {
    const isLimited = isCostly(request) && limiter.take(limitKey(addressOf(request)), 1, clock()) === 0;
    if (!isLimited) return done();
    done(new CodedError('rate-limited', 'Too many searches from this address.', { retryAfter: RETRY_SECONDS }));
  };
}

function isCostly({ query, params }: FastifyRequest): boolean {
  const { q, at } = query as { readonly q?: unknown; readonly at?: unknown };
  return (
    q !== undefined || at !== undefined || (params as { readonly article?: unknown } | undefined)?.article !== undefined
  );
}
