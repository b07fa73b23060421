import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged, sendUnchanged } from '../../api/conditional.ts';
import { SECOND } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { notePulse } from '../../pulse.ts';
import { etagOf } from '../answer.ts';
import type { AssetUrls } from '../assets.ts';
import type { Query } from '../box-spec.ts';
import { inLanguage, openEditions } from '../edition.ts';
import { AUTONYMS, LANGUAGES } from '../language.ts';
import { addActions, type Notice } from './actions.ts';
import { openBasicGuard } from './basic-auth.ts';
import { curationsPart } from './curations-part.ts';
import { feedsPart } from './feeds-part.ts';
import { openFormGuard } from './form-guard.ts';
import { type Overview, openOverview } from './overview.ts';
import { overviewPart } from './overview-part.ts';
import { pulseSeries } from './pulse-series.ts';
import type { OpsTools } from './tools.ts';
import { type OpsEdition, opsEdition } from './words.ts';

const CONTENT_SECURITY_POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"],
  ...["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
].join('; ');
const SAMPLE_EVERY = 20 * SECOND;
const PARTS = ['tiles', 'tables', 'feeds', 'curations'] as const;

/** Adds /ops, its parts and its forms, and Bull Board below it, all behind ADMIN_TOKEN; where that is not set, nothing. */
export async function registerOps(app: FastifyInstance, tools: OpsTools, asset: AssetUrls): Promise<void> {
  const { ADMIN_TOKEN, SITE_NAME, SITE_TIME_ZONE } = tools.settings;
  if (ADMIN_TOKEN === undefined) return addClosed(app);
  const views = fileURLToPath(new URL('../templates/', import.meta.url));
  const templates = new Eta({ views, cache: true, autoEscape: true });
  const forms = openFormGuard(ADMIN_TOKEN);
  const overview = openOverview(tools);
  const editions = openEditions(SITE_TIME_ZONE);
  const editionOf = ({ query, headers }: FastifyRequest) =>
    opsEdition(editions((query as Query)['lang'], headers['accept-language']));
  const partOf = {
    tiles: async (_: Query, edition: OpsEdition) => overviewPart(await overview(), edition),
    tables: async (_: Query, edition: OpsEdition) => overviewPart(await overview(), edition),
    feeds: (query: Query, edition: OpsEdition) => feedsPart(tools, query, edition),
    curations: (query: Query, edition: OpsEdition) => curationsPart(tools, query, edition),
  };

  await app.register(async (ops) => {
    ops.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'content-security-policy': CONTENT_SECURITY_POLICY, 'cache-control': 'no-store' });
    });
    ops.addHook('onRequest', openBasicGuard(tools, ADMIN_TOKEN));
    ops.get('/ops', (request, reply) => show(request, reply));
    for (const part of PARTS) {
      ops.get<{ Querystring: Query }>(`/ops/parts/${part}`, async (request, reply) => {
        const edition = editionOf(request);
        const data = await partOf[part](request.query, edition);
        return send(request, reply, templates.render(`./ops-${part}`, { ...data, ...edition, word: forms.word }));
      });
    }
    ops.get('/ops/pulse.json', async (request) => pulseSeries(tools, editionOf(request).words));
    addActions(ops, tools, forms, editionOf, show);
    // A tenth of what an API loads: those without an ops page do without.
    const { addBoard } = await import('./board.ts');
    await addBoard(ops, tools.queues);
  });
  keepSampling(app, tools, overview);

  async function show(request: FastifyRequest, reply: FastifyReply, notice?: Notice): Promise<FastifyReply> {
    const query = request.query as Query;
    const edition = editionOf(request);
    const { language } = edition;
    const [overviewData, feeds, curations] = await Promise.all([
      overview(),
      partOf.feeds(query, edition),
      partOf.curations(query, edition),
    ]);
    const html = templates.render('./ops', {
      ...{ siteName: SITE_NAME, word: forms.word, notice: notice ?? null, ...edition },
      ...{ overview: overviewPart(overviewData, edition), feedsPart: feeds, curations, asset },
      editions: LANGUAGES.filter((other) => other !== language).map((other) => ({
        ...{ language: other, name: AUTONYMS[other], href: inLanguage('/ops', other) },
      })),
    });
    return reply.header('content-language', language).type('text/html; charset=utf-8').send(html);
  }
}

function send(request: FastifyRequest, reply: FastifyReply, html: string) {
  const etag = etagOf(html);
  reply.header('etag', etag);
  if (isUnchanged(request, etag)) return sendUnchanged(reply);
  return reply.type('text/html; charset=utf-8').send(html);
}

/** What is measured is noted each minute, whether somebody looks or not, so that plots begin with a past. */
function keepSampling(app: FastifyInstance, { redis, clock, log }: OpsTools, overview: () => Promise<Overview>): void {
  const sample = async () => {
    const { overdue, lists, queues, storage } = await overview();
    const ages = lists.flatMap(({ age }) => age ?? []);
    const measured = {
      'queues:waiting': queues.reduce((sum, { counts }) => sum + counts.waiting, 0),
      'feeds:overdue': overdue,
      'storage:database': Math.round(storage.database),
      'storage:redis': storage.redis,
      ...(ages.length > 0 && { 'lists:age': Math.round(Math.min(...ages)) }),
    };
    await notePulse(redis, measured, clock());
  };
  const attempt = () => void sample().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'ops sample'));
  const timer = setInterval(attempt, SAMPLE_EVERY).unref();
  app.addHook('onClose', async () => clearInterval(timer));
}

function addClosed(app: FastifyInstance): void {
  const say = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .code(403)
      .header('cache-control', 'no-store')
      .type('text/plain; charset=utf-8')
      .send('The ops page is off. Set ADMIN_TOKEN (32 characters or more) and start again to turn it on.\n');
  for (const path of ['/ops', '/ops/*']) app.get(path, say);
}
