import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { CodedError } from '../errors.ts';
import { addressOf, isLoopback, limitKey } from './address.ts';
import { openLimiter } from './limiter.ts';
import type { ApiTools } from './tools.ts';

/** Wrong tokens a minute from one address before it hears 429. */
const WRONG_TOKENS_PER_MINUTE = 20;

/** Compared by hash, so that the time taken says nothing of the token's text or length. */
export function isSameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

/** The token of `Authorization: Bearer …`, or undefined where the header is absent or of another kind. */
export function bearerOf(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const { authorization } = request.headers;
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** What the guard looks at, and what it logs. */
export type Guarded = Pick<FastifyRequest, 'headers' | 'ip' | 'socket' | 'method'> & {
  readonly routeOptions: { readonly url?: string | undefined };
};

/** Refuses a wrong token: 401, or 429 to an address that tries too many. The right one is never limited. */
export function openTokenGuard({ clock, log }: Pick<ApiTools, 'clock' | 'log'>) {
  const limiter = openLimiter(WRONG_TOKENS_PER_MINUTE);
  return (request: Guarded, expected: string): void => {
    const given = bearerOf(request);
    if (given !== undefined && isSameToken(given, expected)) return;
    const isLimited = limiter.take(limitKey(addressOf(request)), 1, clock()) === 0;
    log.warn({ route: request.routeOptions.url, method: request.method, isLimited }, 'refused: no valid token');
    if (isLimited) throw new CodedError('rate-limited', 'Too many wrong tokens.', { retryAfter: 60 });
    throw new CodedError('unauthorized', 'Send the token as "Authorization: Bearer <token>".');
  };
}

/** Lets only the holder of ADMIN_TOKEN pass, or of the local token on this machine. */
export function requireAdmin(tools: Pick<ApiTools, 'clock' | 'log' | 'settings' | 'localToken'>) {
  const guard = openTokenGuard(tools);
  const { ADMIN_TOKEN } = tools.settings;
  return async (request: FastifyRequest): Promise<void> => {
    if (isLocalAdmin(request, tools.localToken)) return;
    if (ADMIN_TOKEN !== undefined) return guard(request, ADMIN_TOKEN);
    throw new CodedError('admin-disabled', 'Set ADMIN_TOKEN (32 characters or more) and start again to turn them on.');
  };
}

/** Both the connection and who is behind it must be on this machine: a proxy beside us brings strangers. */
function isLocalAdmin(request: FastifyRequest, expected: string | undefined): boolean {
  const given = bearerOf(request);
  if (expected === undefined || given === undefined || !isSameToken(given, expected)) return false;
  return isLoopback(request.socket.remoteAddress ?? '') && isLoopback(addressOf(request));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
