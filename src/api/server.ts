import compress from '@fastify/compress';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { requireAdmin } from './auth.ts';
import { openBase } from './base.ts';
import { tagAnswers } from './conditional.ts';
import { openCostLimit } from './cost-limit.ts';
import { allowEmptyBodies } from './empty-body.ts';
import { openIntake } from './intake.ts';
import { openListDesk } from './list-desk.ts';
import { openLists } from './lists.ts';
import { describeRoutes } from './openapi.ts';
import { refuseNul } from './refuse-nul.ts';
import { articleFeedRoutes } from './routes/article-feeds.ts';
import { articleRoutes } from './routes/articles.ts';
import { backtestRoutes } from './routes/backtest.ts';
import { categoryRoutes } from './routes/categories.ts';
import { closedListRoutes } from './routes/closed-lists.ts';
import { copyRoutes } from './routes/copies.ts';
import { curationRoutes } from './routes/curations.ts';
import { descriptionRoutes } from './routes/description.ts';
import { explainRoutes } from './routes/explain.ts';
import { feedCheckRoutes } from './routes/feed-check.ts';
import { feedListRoutes } from './routes/feed-lists.ts';
import { feedRoutes } from './routes/feeds.ts';
import { healthRoutes } from './routes/health.ts';
import { listFeedRoutes } from './routes/list-feeds.ts';
import { rankingRoutes } from './routes/rankings.ts';
import { redirectRoutes } from './routes/redirect.ts';
import { revocationRoutes } from './routes/revocations.ts';
import { storyRoutes } from './routes/stories.ts';
import { streamRoutes } from './routes/stream.ts';
import { viewImportRoutes } from './routes/view-imports.ts';
import { viewRoutes } from './routes/views.ts';
import { websubRoutes } from './routes/websub.ts';
import { COMPRESS, CORS, HELMET } from './security.ts';
import { openSendFeed } from './send-feed.ts';
import type { ApiTools, Plugin } from './tools.ts';
import { openValidation } from './validation.ts';
import { openViewDesk, VIEWS_ROUTE } from './view-desk.ts';

/**
 * The HTTP server with all routes of the API, not yet listening. `plugins` (the pages) come beside them, each in a
 * context of its own, behind the same security headers. The root is bare: what counts views and what serves lists pays
 * for no plugin's hook, which together took half of what a list costs.
 */
export async function openServer(tools: ApiTools, plugins: readonly Plugin[] = []): Promise<FastifyInstance> {
  const log = tools.log.child({ stage: 'api' });
  const { app, answerUnknownRoute, giveStraight } = openBase(tools, log);
  app.setValidatorCompiler(openValidation());
  const intake = openIntake(tools);
  const lists = openLists(tools);

  await describeRoutes(app, tools.settings);
  const desk = openViewDesk({ ...tools, log }, intake);
  await app.register(viewRoutes({ ...tools, log }, intake, desk));
  const listDesk = openListDesk(lists, tools.metrics);
  giveStraight((request, response) => {
    if (request.url !== VIEWS_ROUTE || request.method !== 'POST') return false;
    desk(request, response);
    return true;
  }, listDesk.take);
  await app.register(redirectRoutes(tools, intake));
  if (tools.settings.PUBLIC_URL !== undefined) await app.register(websubRoutes(tools));
  await app.register(healthRoutes(tools));
  await app.register(streamRoutes(tools, lists));
  const costLimit = openCostLimit(tools);
  await app.register(rankingRoutes(lists, listDesk, costLimit));
  await app.register(async (full) => {
    await full.register(helmet, HELMET);
    full.setNotFoundHandler(answerUnknownRoute);
    await full.register(async (reads) => {
      reads.addHook('onSend', tagAnswers);
      reads.addHook('preHandler', costLimit);
      await reads.register(compress, COMPRESS);
      await reads.register(cors, CORS);
      await reads.register(explainRoutes(tools, lists));
      await reads.register(closedListRoutes(tools, lists));
      await reads.register(articleRoutes(tools, lists));
      await reads.register(storyRoutes(tools));
      await reads.register(categoryRoutes(tools));
      const sendFeed = openSendFeed(tools);
      await reads.register(listFeedRoutes(tools, lists, sendFeed));
      await reads.register(articleFeedRoutes(tools, lists, sendFeed));
      await reads.register(descriptionRoutes);
    });
    await full.register(async (admin) => {
      admin.addHook('onRequest', requireAdmin({ ...tools, log }));
      admin.addHook('onRequest', async (_request, reply) => {
        reply.header('cache-control', 'no-store');
      });
      allowEmptyBodies(admin);
      await admin.register(compress, COMPRESS);
      // Lines of logs hold anything, and each is judged for itself.
      await admin.register(viewImportRoutes(tools));
      await admin.register(async (stored) => {
        stored.addHook('preValidation', refuseNul);
        await stored.register(feedRoutes(tools));
        await stored.register(feedCheckRoutes(tools));
        await stored.register(copyRoutes(tools));
        await stored.register(feedListRoutes(tools));
        await stored.register(revocationRoutes(tools));
        await stored.register(curationRoutes(tools));
        await stored.register(backtestRoutes(tools));
      });
    });
    for (const plugin of plugins) await full.register(plugin);
  });
  await app.ready();
  return app;
}
