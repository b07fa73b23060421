import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressOf, limitKey } from '../../api/address.ts';
import { isSameToken } from '../../api/auth.ts';
import { openLimiter } from '../../api/limiter.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';

/** Wrong passwords a minute from one address before it hears 429. */
const WRONG_PER_MINUTE = 20;

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/**
 * Lets only those pass who know ADMIN_TOKEN, given as the password of HTTP Basic; any user name will do, and stands in
 * the log. The right password is never limited, and a request without one, as browsers begin with, counts as no attempt.
 */
export function openBasicGuard({ clock, log }: { readonly clock: Clock; readonly log: Log }, token: string) {
  const limiter = openLimiter(WRONG_PER_MINUTE);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const given = credentialsOf(request);
    if (given !== undefined && isSameToken(given.password, token)) return undefined;
    const isLimited = given !== undefined && limiter.take(limitKey(addressOf(request)), 1, clock()) === 0;
    if (given !== undefined) log.warn({ route: request.routeOptions.url, isLimited }, 'refused: wrong password');
    reply.header('cache-control', 'no-store').type('text/plain; charset=utf-8');
    if (isLimited)
      return reply.code(429).header('retry-after', '60').send('Too many wrong passwords. Wait a minute.\n');
    return reply
      .code(401)
      .header('www-authenticate', 'Basic realm="newsrank", charset="UTF-8"')
      .send('The password is ADMIN_TOKEN; any user name will do.\n');
  };
}

/** Who is there, for the log. */
export function userOf(request: FastifyRequest): string {
  return credentialsOf(request)?.user.trim().slice(0, 64) || 'ops';
}

function credentialsOf({ headers: { authorization = '' } }: FastifyRequest): Credentials | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=_-]{1,4096}) *$/i.exec(authorization)?.[1];
  const [, user, password] = /^([^:]*):([\s\S]*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}
