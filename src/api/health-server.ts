import type { FastifyInstance } from 'fastify';
import { openBase } from './base.ts';
import { healthRoutes } from './routes/health.ts';
import type { HealthTools } from './tools.ts';

/** The server of a process without the role `api`: whether it lives and is ready, and its metrics. */
export async function openHealthServer(tools: HealthTools): Promise<FastifyInstance> {
  const { app, answerUnknownRoute } = openBase(tools, tools.log.child({ stage: 'api' }));
  app.setNotFoundHandler(answerUnknownRoute);
  await app.register(healthRoutes(tools));
  await app.ready();
  return app;
}
