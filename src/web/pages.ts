import compress from '@fastify/compress';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { findBaseUrl } from '../api/base-url.ts';
import { openCostLimit } from '../api/cost-limit.ts';
import { codedErrorOf, openTeller, waitHeader } from '../api/problem.ts';
import { COMPRESS } from '../api/security.ts';
import { wantsPage } from '../api/wants-page.ts';
import { findSuccessor } from '../articles/successors.ts';
import { SECOND } from '../clock.ts';
import { ERRORS } from '../errors.ts';
import { type CategorySlug, parseArticleId } from '../ids.ts';
import { type Rendered, sendError, sendHtml, sendOn } from './answer.ts';
import { articlePage } from './article-page.ts';
import { registerAssets } from './assets.ts';
import { registerBeacon } from './beacon.ts';
import { boxSpecIn, kindIn, type Query, textIn, windowIn } from './box-spec.ts';
import { articleHref, namesOf } from './cards.ts';
import { categoryPage } from './category-page.ts';
import { docsPage } from './docs/docs-page.ts';
import type { Description } from './docs/routes.ts';
import type { Visit } from './edition.ts';
import { openFrontPage } from './front-page.ts';
import { registerOps } from './ops/register.ts';
import type { OpsTools } from './ops/tools.ts';
import { rankingPage } from './ranking-page.ts';
import { searchPage } from './search-page.ts';
import { openSite, readBoxes, renderPage, type Site, type WebTools } from './site.ts';

interface Url {
  Querystring: Query;
}

/** Adds the pages, their assets and the fragments with which they refresh themselves, in a context of their own; with `ops`, the ops page. */
export async function registerPages(app: FastifyInstance, tools: WebTools, ops?: OpsTools): Promise<void> {
  await app.register(async (web) => {
    await web.register(compress, COMPRESS);
    web.addHook('preHandler', openCostLimit(tools));
    const asset = registerAssets(web);
    const site = openSite(tools, asset);
    addPages(web, site);
    addFragments(web, site);
    registerBeacon(web);
    addErrors(web, site);
    if (ops !== undefined) await registerOps(web, ops, asset);
  });
}

/** How long shared caches keep a page: as long as no list can have changed. */
const freshSeconds = ({ settings }: Site) => Math.max(1, Math.floor(settings.RANK_INTERVAL / SECOND));

/** Who asks: in which edition, at which address. */
function visitOf(request: FastifyRequest, site: Site): Visit {
  const { lang } = request.query as Query;
  return {
    edition: site.edition(lang, request.headers['accept-language']),
    // A page is better than an error: of who names no host, its links lead on from where he is.
    origin: findBaseUrl(request, site.settings.PUBLIC_URL) ?? '',
    path: request.url,
  };
}

const cursorIn = (query: Query) => textIn(query, 'cursor') || undefined;

/** What a page is made for: who asks, and for what. */
type PageOf = (visit: Visit, params: Readonly<Record<string, string>>, query: Query) => Promise<string | undefined>;

/** Adds a route whose page is made for a visit; undefined is a page that does not exist. */
function addPage(web: FastifyInstance, site: Site, path: string, pageOf: PageOf): void {
  web.get<Url & { Params: Readonly<Record<string, string>> }>(path, async (request, reply) => {
    const visit = visitOf(request, site);
    const html = await pageOf(visit, request.params, request.query);
    if (html === undefined) return sendMissing(request, reply, site);
    return sendHtml(request, reply, { html, edition: visit.edition }, freshSeconds(site));
  });
}

function addPages(web: FastifyInstance, site: Site): void {
  const front = openFrontPage(site);
  addPage(web, site, '/', (visit, _, query) => front.page(visit, windowIn(query)));
  addPage(web, site, '/category/:slug', (visit, params, query) =>
    categoryPage(site, visit, params['slug'] as CategorySlug, cursorIn(query)),
  );
  addPage(web, site, '/ranking', (visit, _, query) => rankingPage(site, visit, query));
  addPage(web, site, '/search', (visit, _, query) => searchPage(site, visit, query, cursorIn(query)));
  addPage(web, site, '/docs', (visit) => docsPage(site, visit, web.swagger() as unknown as Description));
  addPage(web, site, '/fragments/latest', ({ edition }, _, query) =>
    front.latest(edition, parseArticleId(textIn(query, 'lead')) ?? null),
  );
  web.get<{ Params: { id: string } }>('/article/:id', async (request, reply) => {
    const id = parseArticleId(request.params.id);
    if (id === undefined) return sendMissing(request, reply, site);
    const visit = visitOf(request, site);
    const html = await articlePage(site, visit, id);
    if (html !== undefined) return sendHtml(request, reply, { html, edition: visit.edition }, freshSeconds(site));
    const successor = await findSuccessor(site.sql, id);
    if (successor === undefined) return sendMissing(request, reply, site);
    return sendOn(reply, visit.edition.href(articleHref(successor)), freshSeconds(site));
  });
}

function addFragments(web: FastifyInstance, site: Site): void {
  addPage(web, site, '/fragments/rankings/:kind', async ({ edition }, params, query) => {
    const kind = kindIn(params['kind']);
    const names = namesOf(await site.categories());
    const spec = kind === undefined ? undefined : boxSpecIn(kind, query);
    if (spec === undefined || (spec.scope !== 'site' && !names.has(spec.scope))) return undefined;
    const [box] = await readBoxes(site, edition, [spec], names);
    return site.render('box', edition, { box });
  });
}

/** Browsers get a page where other callers get the not-found answer of the API. */
function addErrors(web: FastifyInstance, site: Site): void {
  web.get('/*', async (request, reply) => {
    return wantsPage(request) ? sendMissing(request, reply, site) : reply.callNotFound();
  });

  const tell = openTeller(web.log, site.clock);
  web.setErrorHandler(async (error, request, reply) => {
    const coded = codedErrorOf(error);
    tell(coded, request);
    const { status } = ERRORS[coded.code];
    const said = status < 500 && status !== 429 ? coded.message : undefined;
    return sendError(reply.headers(waitHeader(coded)), status, await errorPage(request, site, status, said));
  });
}

async function sendMissing(request: FastifyRequest, reply: FastifyReply, site: Site) {
  return sendError(reply, 404, await errorPage(request, site, 404));
}

async function errorPage(request: FastifyRequest, site: Site, status: number, said?: string): Promise<Rendered> {
  // The error may be that nothing can be read: then the page does without the sections.
  const sections = await site.categories().catch(() => []);
  const visit = visitOf(request, site);
  const { words } = visit.edition;
  const { title, text } = words.errors[status === 404 ? 'missing' : status === 429 ? 'limited' : 'failed'];
  const head = { title, canonical: request.url.split('?', 1)[0] ?? '/' };
  const html = renderPage(site, visit, 'error', head, sections, {
    ...{ status, title, text: said ?? text },
    textLang: said === undefined ? null : visit.edition.mark(said),
  });
  return { html, edition: visit.edition };
}
