import { STATUS_CODES } from 'node:http';
import compress from '@fastify/compress';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { COMPRESS } from '../api/security.ts';
import { findSuccessor } from '../articles/successors.ts';
import { SECOND } from '../clock.ts';
import { CodedError, ERRORS } from '../errors.ts';
import { type CategorySlug, parseArticleId } from '../ids.ts';
import { sendError, sendHtml, sendOn } from './answer.ts';
import { articlePage } from './article-page.ts';
import { registerAssets } from './assets.ts';
import { registerBeacon } from './beacon.ts';
import { boxSpecIn, kindIn, type Query, textIn, windowIn } from './box-spec.ts';
import { articleHref, namesOf } from './cards.ts';
import { categoryPage } from './category-page.ts';
import { openFrontPage } from './front-page.ts';
import { rankingPage } from './ranking-page.ts';
import { searchPage } from './search-page.ts';
import { openSite, readBoxes, renderPage, type Site, type WebTools } from './site.ts';

interface Url {
  Querystring: Query;
}

/** Adds the pages, their assets and the fragments with which they refresh themselves, in a context of their own. */
export async function registerPages(app: FastifyInstance, tools: WebTools): Promise<void> {
  await app.register(async (web) => {
    await web.register(compress, COMPRESS);
    const site = openSite(tools, registerAssets(web));
    addPages(web, site);
    addFragments(web, site);
    registerBeacon(web);
    addErrors(web, site);
  });
}

/** How long shared caches keep a page: as long as no list can have changed. */
const freshSeconds = ({ settings }: Site) => Math.max(1, Math.floor(settings.RANK_INTERVAL / SECOND));

const originOf = (request: FastifyRequest) => `${request.protocol}://${request.host}`;

const cursorIn = (query: Query) => textIn(query, 'cursor') || undefined;

function addPages(web: FastifyInstance, site: Site): void {
  const front = openFrontPage(site);
  const send = (request: FastifyRequest, reply: FastifyReply, html: string | undefined) =>
    html === undefined ? sendMissing(request, reply, site) : sendHtml(request, reply, html, freshSeconds(site));

  web.get<Url>('/', async (request, reply) =>
    send(request, reply, await front.page(originOf(request), windowIn(request.query))),
  );
  web.get<Url & { Params: { slug: string } }>('/category/:slug', async (request, reply) => {
    const slug = request.params.slug as CategorySlug;
    return send(request, reply, await categoryPage(site, originOf(request), slug, cursorIn(request.query)));
  });
  web.get<{ Params: { id: string } }>('/article/:id', async (request, reply) => {
    const id = parseArticleId(request.params.id);
    if (id === undefined) return sendMissing(request, reply, site);
    const page = await articlePage(site, originOf(request), id);
    const successor = page === undefined ? await findSuccessor(site.sql, id) : undefined;
    return successor === undefined
      ? send(request, reply, page)
      : sendOn(reply, articleHref(successor), freshSeconds(site));
  });
  web.get<Url>('/ranking', async (request, reply) =>
    send(request, reply, await rankingPage(site, originOf(request), request.query)),
  );
  web.get<Url>('/search', async (request, reply) =>
    send(request, reply, await searchPage(site, originOf(request), request.query, cursorIn(request.query))),
  );
  web.get<Url>('/fragments/latest', async (request, reply) => {
    const lead = parseArticleId(textIn(request.query, 'lead')) ?? null;
    return send(request, reply, await front.latest(lead));
  });
}

function addFragments(web: FastifyInstance, site: Site): void {
  web.get<Url & { Params: { kind: string } }>('/fragments/rankings/:kind', async (request, reply) => {
    const kind = kindIn(request.params.kind);
    const names = namesOf(await site.categories());
    const spec = kind === undefined ? undefined : boxSpecIn(kind, request.query);
    if (spec === undefined || (spec.scope !== 'site' && !names.has(spec.scope))) {
      return sendMissing(request, reply, site);
    }
    const [box] = await readBoxes(site, [spec], names);
    return sendHtml(request, reply, site.render('box', { box }), freshSeconds(site));
  });
}

/** Browsers get a page where other callers get the not-found answer of the API. */
function addErrors(web: FastifyInstance, site: Site): void {
  web.get('/*', async (request, reply) => {
    const isPage = request.headers.accept?.includes('text/html') === true && !request.url.startsWith('/v1/');
    return isPage ? sendMissing(request, reply, site) : reply.callNotFound();
  });

  web.setErrorHandler(async (error, request, reply) => {
    const status = statusOf(error);
    if (status >= 500) request.log.error({ err: error }, 'page failed');
    const words =
      status < 500 && error instanceof Error
        ? error.message
        : 'The page could not be made just now. Nothing is lost; please try again in a moment.';
    return sendError(reply, status, await errorPage(request, site, status, words));
  });
}

function statusOf(error: unknown): number {
  if (error instanceof CodedError) return ERRORS[error.code].status;
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : 500;
}

async function sendMissing(request: FastifyRequest, reply: FastifyReply, site: Site) {
  const words = 'There is no page at this address. It may have been an article that is no longer kept.';
  return sendError(reply, 404, await errorPage(request, site, 404, words));
}

async function errorPage(request: FastifyRequest, site: Site, status: number, words: string): Promise<string> {
  // The error may be that nothing can be read: then the page does without the sections.
  const sections = await site.categories().catch(() => []);
  const title = status === 404 ? 'Page not found' : (STATUS_CODES[status] ?? 'Something went wrong');
  const head = { title, canonical: `${originOf(request)}${request.url.split('?', 1)[0]}` };
  return renderPage(site, 'error', head, sections, { status, title, words });
}
