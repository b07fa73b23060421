import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/dist/types.js';
import fastifyStatic from '@fastify/static';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';

const BASE = '/ops/queues';

/**
 * Bull Board's page comes from its own files, with nothing from elsewhere. Its script sets styles and a base: that much
 * is loosened, here alone.
 */
const CONTENT_SECURITY_POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"],
  ...["font-src 'self' data:", "connect-src 'self'", "form-action 'none'", "base-uri 'self'", "frame-ancestors 'none'"],
].join('; ');

/** What Bull Board hands to the server that it is to run on. */
interface Board {
  queues: BullBoardQueues;
  api: readonly AppControllerRoute[];
  entry: AppViewRoute | undefined;
  config: UIConfig;
}

/**
 * Adds Bull Board, to look only: its queues are read-only, and of its routes those alone are there that change nothing.
 * Whoever wants to stop or repeat jobs has the commands; a click there could drop what keeps the ticks going.
 */
export async function addBoard(app: FastifyInstance, queues: readonly Queue[]): Promise<void> {
  const board = openBoard(queues);
  const folder = join(dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')), 'dist');
  const html = pageOf(readFileSync(join(folder, 'index.ejs'), 'utf8'), board.config);

  await app.register(async (web) => {
    web.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    });
    await web.register(fastifyStatic, { root: join(folder, 'static'), prefix: `${BASE}/static/`, cacheControl: false });
    for (const route of [board.entry?.route ?? []].flat()) {
      web.get(`${BASE}${route === '/' ? '' : route}`, async (_request, reply) =>
        reply.type('text/html; charset=utf-8').send(html),
      );
    }
    for (const route of board.api) addReading(web, route, board);
  });
}

function addReading(web: FastifyInstance, { method, route, handler }: AppControllerRoute, board: Board): void {
  if ([method].flat().some((name) => name !== 'get')) return;
  for (const path of [route].flat()) {
    web.get<{ Querystring: Record<string, string>; Params: Record<string, string> }>(
      `${BASE}${path}`,
      async ({ query, params, headers }, reply) => {
        const { queues, config: uiConfig } = board;
        const asked = { queues, query, params, body: {}, headers: headers as Record<string, string>, uiConfig };
        const answer = await handler(asked);
        return reply.code(answer.status ?? 200).send(answer.body);
      },
    );
  }
}

function openBoard(queues: readonly Queue[]): Board {
  const board: Board = { queues: new Map(), api: [], entry: undefined, config: {} };
  const adapter: IServerAdapter = {
    setQueues: (given) => noted({ queues: given }),
    setApiRoutes: (api) => noted({ api }),
    setEntryRoute: (entry) => noted({ entry }),
    setUIConfig: (config) => noted({ config }),
    setViewsPath: () => adapter,
    setStaticPath: () => adapter,
    setErrorHandler: () => adapter,
  };
  const noted = (change: Partial<Board>) => {
    Object.assign(board, change);
    return adapter;
  };
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'newsrank: queues', miscLinks: [{ text: 'Operations', url: '/ops' }] } },
  });
  return board;
}

/** Its page, from the files that it names: without the fonts of another host and the style of its first second. */
function pageOf(template: string, config: UIConfig): string {
  const named = (pattern: RegExp) => [...template.matchAll(pattern)].map(([, file]) => file ?? '');
  const styles = named(/href="(static\/css\/[^"]+)"/g).map((file) => `<link href="${file}" rel="stylesheet">`);
  const scripts = named(/src="(static\/js\/[^"]+)"/g).map((file) => `<script defer src="${file}"></script>`);
  const data = JSON.stringify(config).replaceAll('<', '\\u003c');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<base href="${BASE}/">
<title>newsrank: queues</title>
<link rel="icon" type="image/svg+xml" href="static/images/logo.svg">
${styles.join('\n')}
</head>
<body>
<script id="__UI_CONFIG__" type="application/json">${data}</script>
<div id="root"></div>
${scripts.join('\n')}
</body>
</html>`;
}
