import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import compress from '@fastify/compress';
import { Eta } from 'eta';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../../../config/settings.ts';
import { baseUrlOf } from '../../api/base-url.ts';
import { isUnchanged, sendUnchanged } from '../../api/conditional.ts';
import { keyOf, nameOfCategory } from '../../api/find-list.ts';
import { openLists } from '../../api/lists.ts';
import { DEFAULT_ITEMS } from '../../api/schemas/ranking.ts';
import type { SchemaTypes } from '../../api/schemas/value-of.ts';
import { COMPRESS, PUBLIC_HEADERS } from '../../api/security.ts';
import type { ArticleId } from '../../ids.ts';
import { present } from '../../ranking/store.ts';
import { etagOf } from '../answer.ts';
import { preferredLanguage } from '../language.ts';
import type { WebTools } from '../site.ts';
import { type EmbedBox, embedBox } from './embed-box.ts';
import { EmbedParams, EmbedQuery } from './query.ts';
import { BOX_WORDS, SYMBOLS } from './words.ts';

/** The box's script as it is sent: its words before it, its comments and indentation left out. */
export const EMBED =
  `(() => {const WORDS=${JSON.stringify(BOX_WORDS)},SYMBOLS=${JSON.stringify(SYMBOLS)};\n` +
  `${readFileSync(new URL('./embed.js', import.meta.url), 'utf8').replace(/^ *\/\/.*\n|^ *\/\*\*.*\*\/\n|^ +/gm, '')}})();\n`;

const STYLE = readFileSync(new URL('./frame.css', import.meta.url), 'utf8').replace(/\s+/g, ' ');

const FRAME_POLICY = `default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors *`;
const FRAGMENT_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *";

/** Its URL stands in other people's templates and cannot change with its content. */
const SCRIPT_FRESH = 'public, max-age=86400, stale-while-revalidate=604800';
const FRESH = 'public, max-age=5, stale-while-revalidate=60';

type EmbedTools = Omit<WebTools, 'settings'> & {
  readonly settings: Pick<Settings, 'SITE_NAME' | 'SITE_TIME_ZONE' | 'PUBLIC_URL'>;
};

/**
 * The box for other sites: a script that makes `<news-ranking>` an element, a page for an `<iframe>`, and a fragment that
 * a server puts into its own pages. Only these may be framed by anybody.
 */
export async function registerEmbed(app: FastifyInstance, tools: EmbedTools): Promise<void> {
  const eta = new Eta({ views: fileURLToPath(new URL('.', import.meta.url)), cache: true, autoEscape: true });
  const lists = openLists(tools);
  const { SITE_NAME: siteName, PUBLIC_URL } = tools.settings;
  const etag = etagOf(EMBED);

  await app.register(async (web) => {
    await web.register(compress, COMPRESS);
    web.addHook('onRequest', async (_request, reply) => {
      reply.removeHeader('x-frame-options').headers(PUBLIC_HEADERS);
    });
    const routes = web.withTypeProvider<SchemaTypes>();
    const schema = { hide: true, params: EmbedParams, querystring: EmbedQuery } as const;

    web.get('/embed.js', async (request, reply) => {
      reply.headers({ etag, 'cache-control': SCRIPT_FRESH, vary: 'accept-encoding' });
      if (isUnchanged(request, etag)) return sendUnchanged(reply);
      return reply.type('text/javascript; charset=utf-8').send(EMBED);
    });
    routes.get('/embed/:kind', { schema }, async (request, reply) => {
      const { theme = 'auto', category, window, limit, exclude, heading } = request.query;
      const scheme = theme === 'auto' ? 'light dark' : theme;
      const attributes = { kind: request.params.kind, category, window, limit, exclude, heading };
      reply.header('content-security-policy', FRAME_POLICY);
      const box = await boxFor(request, 1);
      return send(request, reply, eta.render('./frame', { box, scheme, attributes, style: STYLE }));
    });
    routes.get('/fragments/box/:kind', { schema }, async (request, reply) => {
      reply.header('content-security-policy', FRAGMENT_POLICY);
      return send(request, reply, eta.render('./box', { box: await boxFor(request, request.query.level ?? 2) }));
    });
  });

  async function boxFor(
    request: FastifyRequest<{ Params: EmbedParams; Querystring: EmbedQuery }>,
    level: number,
  ): Promise<EmbedBox> {
    const { params, query } = request;
    const { limit = DEFAULT_ITEMS, exclude, lang, heading } = query;
    const key = keyOf(params.kind, query);
    const categoryName = key.scope === 'site' ? undefined : await nameOfCategory(lists, key.scope);
    const list = await lists.current(key, categoryName);
    const cut = present(list, { limit, ...(exclude !== undefined && { exclude: exclude as ArticleId }) });
    const language = lang ?? preferredLanguage(request.headers['accept-language']);
    const base = baseUrlOf(request, PUBLIC_URL);
    return embedBox(key, cut, { base, siteName, categoryName, language, heading, level });
  }
}

function send(request: FastifyRequest, reply: FastifyReply, html: string): FastifyReply {
  const etag = etagOf(html);
  reply.headers({
    etag,
    'cache-control': FRESH,
    vary: 'accept-language, accept-encoding',
    'referrer-policy': 'strict-origin-when-cross-origin',
  });
  if (isUnchanged(request, etag)) return sendUnchanged(reply);
  return reply.type('text/html; charset=utf-8').send(html);
}
