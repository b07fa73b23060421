import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { isUnchanged, sendUnchanged } from '../api/conditional.ts';
import { PUBLIC_HEADERS } from '../api/security.ts';
import { etagOf } from './answer.ts';

/** The script by which pages of any site report that they were read, as it is sent: without its comments. */
export const BEACON = readFileSync(new URL('./assets/beacon.js', import.meta.url), 'utf8').replace(/^ *\/\/.*\n/gm, '');

/**
 * Serves the script at /beacon.js. Its URL stands in other people's templates and cannot change with its content, so
 * browsers keep it for a day, and may use it a week longer while they ask for the next.
 */
export function registerBeacon(app: FastifyInstance): void {
  const etag = etagOf(BEACON);
  app.get('/beacon.js', async (request, reply) => {
    reply.headers({
      etag,
      'cache-control': 'public, max-age=86400, stale-while-revalidate=604800',
      vary: 'accept-encoding',
      ...PUBLIC_HEADERS,
    });
    if (isUnchanged(request, etag)) return sendUnchanged(reply);
    return reply.type('text/javascript; charset=utf-8').send(BEACON);
  });
}
