import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { importFeeds } from '../../articles/import-feeds.ts';
import { MINUTE } from '../../clock.ts';
import { CodedError } from '../../errors.ts';
import { readOpml } from '../../feeds/opml.ts';
import { keepOutlines } from '../../feeds/other-outlines.ts';
import { findFeed, updateFeed } from '../../feeds/store.ts';
import { type FeedId, feedId } from '../../ids.ts';
import { CURATION_ACTIONS, CURATION_TARGETS } from '../../ranking/curation.ts';
import { addCuration, endCuration } from '../../ranking/curation-store.ts';
import { LIST_KINDS, type Scope } from '../../ranking/list.ts';
import { userOf } from './basic-auth.ts';
import type { FormGuard } from './form-guard.ts';
import type { OpsTools } from './tools.ts';
import type { OpsEdition } from './words.ts';
import type { OpsWords } from './words-en.ts';

/** What the page says after a form was sent. */
export interface Notice {
  readonly isError: boolean;
  readonly text: string;
  /** Of the text and the lines, where it is not that of the page. */
  readonly lang: 'en' | null;
  /** What else there is to say, a line each. */
  readonly lines: readonly string[];
}

type Fields = Readonly<Record<string, string>>;
type Action = (
  fields: Fields,
  request: FastifyRequest,
  words: OpsWords['said'],
) => Promise<string | Pick<Notice, 'text' | 'lines'>>;

/** An OPML document of a thousand feeds, escaped as forms do. */
const FORM_LIMIT = 12 * 1024 * 1024;
const LINES = 30;

/** Adds the routes that forms are sent to. `show` answers with the page, in the edition of who asks, and what came of it. */
export function addActions(
  app: FastifyInstance,
  tools: OpsTools,
  forms: FormGuard,
  editionOf: (request: FastifyRequest) => OpsEdition,
  show: (request: FastifyRequest, reply: FastifyReply, notice: Notice) => Promise<FastifyReply>,
): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  for (const [path, act] of Object.entries(actionsOf(tools))) {
    app.post(path, { bodyLimit: FORM_LIMIT }, async (request, reply) => {
      const edition = editionOf(request);
      const { said } = edition.words;
      const isOurs = forms.isOurs(request);
      const notice = isOurs
        ? await noticeOf(edition, () => act(request.body as Fields, request, said))
        : { isError: true, lang: null, ...plain(said.foreign) };
      const fields = { route: path, by: userOf(request), params: request.params };
      if (notice.isError) tools.log.warn({ ...fields, error: notice.text }, 'ops: refused');
      else tools.log.info(fields, 'ops');
      return show(request, reply.code(!isOurs ? 403 : notice.isError ? 400 : 200), notice);
    });
  }
}

const plain = (text: string) => ({ text, lines: [] });

/** What an action says, also where it refuses. */
async function noticeOf({ english }: OpsEdition, act: () => ReturnType<Action>): Promise<Notice> {
  try {
    const said = await act();
    return { isError: false, lang: null, ...(typeof said === 'string' ? plain(said) : said) };
  } catch (error) {
    if (error instanceof CodedError) return { isError: true, lang: english, ...plain(error.message) };
    throw error;
  }
}

function actionsOf({ sql, clock, pollNow, checkFeed, discoverFeeds }: OpsTools): Readonly<Record<string, Action>> {
  const idIn = (request: FastifyRequest): FeedId => {
    const { id = '' } = request.params as { id?: string };
    if (!/^[1-9]\d{0,14}$/.test(id)) throw feedUnknown();
    return feedId(Number(id));
  };
  const setState = (state: 'active' | 'paused'): Action => {
    return async (_fields, request, said) => {
      const feed = await updateFeed(sql, idIn(request), { state });
      if (feed === undefined) throw feedUnknown();
      return (state === 'paused' ? said.paused : said.resumed)(feed.title || feed.url);
    };
  };

  return {
    async '/ops/feeds'({ url = '', category = '' }, _request, said) {
      const found = await discoverFeeds(url.trim());
      const best = found.best?.via === 'itself' ? url.trim() : found.best?.url;
      if (best === undefined) throw notFound(found);
      const categories = category.trim() === '' ? [] : [category.trim()];
      const { added, rejected } = await importFeeds(
        sql,
        [{ url: best, title: '', siteUrl: null, categories }],
        clock(),
      );
      if (rejected[0] !== undefined) throw new CodedError('feed-url-invalid', rejected[0].message);
      const [id] = added;
      if (id === undefined) return said.thereAlready(best);
      await pollNow(id);
      return said.added(best);
    },
    async '/ops/feeds/check'({ url = '' }, _request, said) {
      const { outcome, message, advice, steps, feed, entries, took } = await checkFeed(url.trim());
      const text =
        feed === null
          ? `${outcome}: ${message ?? 'no feed'} ${advice ?? ''}`
          : said.checked(feed.title, entries.length, Math.round(took));
      const titles = entries.slice(0, 5).map(({ title }) => `· ${title}`);
      return { text, lines: [...steps.map(({ says }) => says), ...titles].slice(0, LINES) };
    },
    async '/ops/feeds/import'({ opml = '' }, _request, said) {
      const { feeds, others, outlinesLeftOut } = readOpml(opml);
      const { added, existing, rejected } = await importFeeds(sql, feeds, clock());
      await keepOutlines(sql, others);
      return {
        text: said.imported(added.length, existing.length, rejected.length),
        lines: [
          ...(outlinesLeftOut > 0 ? [said.outlinesLeftOut(outlinesLeftOut)] : []),
          ...rejected.slice(0, LINES).map(({ url, message }) => `${url}: ${message}`),
        ],
      };
    },
    '/ops/feeds/:id/pause': setState('paused'),
    '/ops/feeds/:id/resume': setState('active'),
    async '/ops/feeds/:id/poll'(_fields, request, said) {
      const feed = await findFeed(sql, idIn(request));
      if (feed === undefined) throw feedUnknown();
      await pollNow(feed.id);
      return said.polled;
    },
    async '/ops/curations'(fields, request, said) {
      const made = await addCuration(sql, { ...curationIn(fields, clock()), by: userOf(request) }, clock());
      return said.decided(made.action === 'pin', made.value);
    },
    async '/ops/curations/:id/end'(_fields, request, said) {
      const { id = '' } = request.params as { id?: string };
      if (!/^[1-9]\d{0,14}$/.test(id)) throw new CodedError('curation-unknown', 'There is no such decision.');
      await endCuration(sql, Number(id), userOf(request), clock());
      return said.ended;
    },
  };
}

const feedUnknown = () => new CodedError('feed-unknown', 'There is no such feed any more.');

function notFound({ feeds, message }: Awaited<ReturnType<OpsTools['discoverFeeds']>>): CodedError {
  const named = feeds.map(({ url }) => url).join(', ');
  if (feeds.length === 0) return new CodedError('feed-not-found', message ?? 'No feed was found there.');
  return new CodedError('feed-ambiguous', `The page leads to several feeds; add one of these: ${named}`);
}

/** What the form says; an article may be given by the address of its page. */
function curationIn({ action, target, value = '', place, list, scope, minutes, reason = '' }: Fields, now: Date) {
  const act = CURATION_ACTIONS.find((known) => known === action) ?? 'exclude';
  const about = act === 'pin' ? 'article' : (CURATION_TARGETS.find((known) => known === target) ?? 'article');
  const lasts = Number(minutes);
  return {
    action: act,
    target: about,
    value: about === 'article' ? (/([0-9a-z]{12})(?:[?#].*)?$/.exec(value.trim())?.[1] ?? value) : value,
    kind: LIST_KINDS.find((known) => known === list) ?? null,
    scope: scope ? (scope as Scope) : null,
    place: act === 'pin' ? Number(place ?? 1) : null,
    reason: reason.slice(0, 500),
    expiresAt: lasts > 0 ? new Date(now.getTime() + lasts * MINUTE) : null,
  };
}
