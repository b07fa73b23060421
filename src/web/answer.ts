import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged, sendUnchanged } from '../api/conditional.ts';
import type { Edition } from './edition.ts';

/**
 * Nothing inline and nothing from elsewhere, pictures and media of the articles apart. No inline style either: what a
 * feed smuggled past the allow-list would still not run.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: http: https:",
  'media-src http: https:',
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** A page or a part of one, and the edition that it is in. */
export interface Rendered {
  readonly html: string;
  readonly edition: Pick<Edition, 'language' | 'isChosen'>;
}

/** The weak ETag of a text: compression on the way does not change what it says. */
export function etagOf(text: string): string {
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** Sends the reader of a removed article to the one that took its place. */
export function sendOn(reply: FastifyReply, path: string, freshSeconds: number) {
  return secured(reply).header('cache-control', `public, max-age=${freshSeconds}`).redirect(path, 308);
}

/**
 * Sends HTML with its ETag, or 304 where the reader has it. Shared caches may keep it for `freshSeconds`; browsers ask
 * each time, because a list that is a minute old looks broken beside one that moves.
 */
export function sendHtml(
  request: FastifyRequest,
  reply: FastifyReply,
  { html, edition }: Rendered,
  freshSeconds: number,
) {
  const etag = etagOf(html);
  speak(reply, edition)
    .header('etag', etag)
    .header(
      'cache-control',
      `public, max-age=0, must-revalidate, s-maxage=${freshSeconds}, stale-while-revalidate=${freshSeconds * 6}`,
    );
  if (isUnchanged(request, etag)) return sendUnchanged(secured(reply));
  return secured(reply).type('text/html; charset=utf-8').send(html);
}

/** Sends an error as a page; nobody may keep it. */
export function sendError(reply: FastifyReply, status: number, { html, edition }: Rendered) {
  return secured(speak(reply, edition))
    .code(status)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(html);
}

/**
 * Says the language; where it was the browser's wish, caches are told to keep the answers apart, as they are of those that
 * are compressed, whether this one is or not.
 */
function speak(reply: FastifyReply, { language, isChosen }: Rendered['edition']): FastifyReply {
  reply.header('content-language', language);
  return reply.header('vary', isChosen ? 'accept-encoding' : 'accept-language, accept-encoding');
}

function secured(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', CONTENT_SECURITY_POLICY)
    .header('referrer-policy', 'strict-origin-when-cross-origin')
    .header('x-content-type-options', 'nosniff');
}
