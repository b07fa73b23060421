import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';

/** A request as far as its conditions go. */
export type Conditional = Pick<IncomingMessage, 'headers'>;

/**
 * Whether the caller has this representation already (If-None-Match; compared weakly, as RFC 9110 asks). All our tags
 * are weak: compression makes other bytes of the same answer.
 */
export function isUnchanged(request: Conditional, etag: string): boolean {
  const given = request.headers['if-none-match'];
  if (given === undefined) return false;
  if (given.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return given.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}

/** Answers 304: the headers stay, the body goes. */
export function sendUnchanged(reply: FastifyReply): FastifyReply {
  reply.removeHeader('content-type');
  return reply.code(304).send();
}

/** Tags every cacheable answer that has no tag of its own by its text, and leaves the body out where it is known. */
export const tagAnswers: onSendHookHandler = (request, reply, payload, done) => {
  // Said of 304 and of what is sent plain, too: a cache must not take the one for all.
  reply.header('vary', 'accept-encoding');
  if (reply.statusCode !== 200 || typeof payload !== 'string' || !isCacheable(request, reply)) {
    return done(null, payload);
  }
  const etag = String(
    reply.getHeader('etag') ?? `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`,
  );
  reply.header('etag', etag);
  if (!isUnchanged(request, etag)) return done(null, payload);
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return done(null, null);
};

function isCacheable(request: FastifyRequest, reply: FastifyReply): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return isRead && reply.getHeader('cache-control') !== 'no-store';
}
