import assert from 'node:assert/strict';
import fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../../src/clock.ts';
import { registerPages } from '../../src/web/pages.ts';
import type { WebTools } from '../../src/web/site.ts';
import { NOW } from './newsroom.ts';

/** The pages alone, with a stand-in for the route that counts views: what it was told is in `views`. */
export async function openPages(
  { sql, redis }: Pick<WebTools, 'sql' | 'redis'>,
  { clock = () => NOW, interval = 5000, publicUrl }: { clock?: Clock; interval?: number; publicUrl?: string } = {},
): Promise<{ app: FastifyInstance; views: unknown[] }> {
  const app = fastify();
  const views: unknown[] = [];
  app.post('/v1/views', async (request, reply) => {
    views.push(JSON.parse(String(request.body)));
    return reply.code(202).send({ accepted: 1, dropped: {} });
  });
  app.get('/pictures/good.svg', async (_request, reply) =>
    reply.type('image/svg+xml').send('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"></svg>'),
  );
  const settings = { SITE_NAME: 'JN', SITE_TIME_ZONE: 'Asia/Tokyo', RANK_INTERVAL: interval, PUBLIC_URL: publicUrl };
  await registerPages(app, { settings, sql, redis, clock });
  await app.ready();
  return { app, views };
}

/** The box with this id, as HTML. */
export function boxIn(html: string, boxId: string): string {
  const box = new RegExp(`<section class="box[^"]*" id="${boxId}"[\\s\\S]*?</section>`).exec(html)?.[0];
  assert.ok(box, `there is a box ${boxId}`);
  return box;
}
