import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MINUTE } from '../../clock.ts';
import { CodedError } from '../../errors.ts';
import { readOpml } from '../../feeds/opml.ts';
import { addFeeds, updateFeed } from '../../feeds/store.ts';
import { type FeedId, feedId } from '../../ids.ts';
import { CURATION_ACTIONS, CURATION_TARGETS } from '../../ranking/curation.ts';
import { addCuration, endCuration } from '../../ranking/curation-store.ts';
import { LIST_KINDS, type Scope } from '../../ranking/list.ts';
import { userOf } from './basic-auth.ts';
import type { FormGuard } from './form-guard.ts';
import type { OpsTools } from './tools.ts';

/** What the page says after a form was sent. */
export interface Notice {
  readonly isError: boolean;
  readonly text: string;
  /** What else there is to say, a line each. */
  readonly lines: readonly string[];
}

type Fields = Readonly<Record<string, string>>;
type Action = (fields: Fields, request: FastifyRequest) => Promise<string | Omit<Notice, 'isError'>>;

/** An OPML document of a thousand feeds, escaped as forms do. */
const FORM_LIMIT = 12 * 1024 * 1024;
const LINES = 30;

/** Adds the routes that forms are sent to. `show` answers with the page and what came of it. */
export function addActions(
  app: FastifyInstance,
  tools: OpsTools,
  forms: FormGuard,
  show: (request: FastifyRequest, reply: FastifyReply, notice: Notice) => Promise<FastifyReply>,
): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  for (const [path, act] of Object.entries(actionsOf(tools))) {
    app.post(path, { bodyLimit: FORM_LIMIT }, async (request, reply) => {
      const notice = forms.isOurs(request) ? await noticeOf(() => act(request.body as Fields, request)) : FOREIGN;
      const fields = { route: path, by: userOf(request), params: request.params };
      if (notice.isError) tools.log.warn({ ...fields, error: notice.text }, 'ops: refused');
      else tools.log.info(fields, 'ops');
      return show(request, reply.code(notice === FOREIGN ? 403 : notice.isError ? 400 : 200), notice);
    });
  }
}

const plain = (text: string) => ({ text, lines: [] });
const failed = (text: string): Notice => ({ isError: true, ...plain(text) });
const FOREIGN = failed('This form was not sent from this page. Load the page anew.');

/** What an action says, also where it refuses. */
async function noticeOf(act: () => ReturnType<Action>): Promise<Notice> {
  try {
    const said = await act();
    return { isError: false, ...(typeof said === 'string' ? plain(said) : said) };
  } catch (error) {
    if (error instanceof CodedError) return failed(error.message);
    throw error;
  }
}

function actionsOf({ sql, clock, pollNow, checkFeed, discoverFeeds }: OpsTools): Readonly<Record<string, Action>> {
  const idIn = (request: FastifyRequest): FeedId => {
    const { id = '' } = request.params as { id?: string };
    if (!/^[1-9]\d{0,14}$/.test(id)) throw new CodedError('feed-unknown', 'There is no such feed.');
    return feedId(Number(id));
  };
  const setState = (state: 'active' | 'paused'): Action => {
    return async (_fields, request) => {
      const feed = await updateFeed(sql, idIn(request), { state });
      if (feed === undefined) throw new CodedError('feed-unknown', 'There is no such feed any more.');
      return `${feed.title || feed.url} is ${state === 'paused' ? 'paused' : 'polled again'}.`;
    };
  };

  return {
    async '/ops/feeds'({ url = '', category = '' }) {
      const found = await discoverFeeds(url.trim());
      const best = found.best?.via === 'itself' ? url.trim() : found.best?.url;
      if (best === undefined) throw notFound(found);
      const categories = category.trim() === '' ? [] : [category.trim()];
      const { added, rejected } = await addFeeds(sql, [{ url: best, title: '', siteUrl: null, categories }], clock());
      if (rejected[0] !== undefined) throw new CodedError('feed-url-invalid', rejected[0].message);
      const [id] = added;
      if (id === undefined) return `${best} is there already.`;
      await pollNow(id);
      return `${best} was added, and is polled now.`;
    },
    async '/ops/feeds/check'({ url = '' }) {
      const { outcome, message, advice, steps, feed, entries, took } = await checkFeed(url.trim());
      const text =
        feed === null
          ? `${outcome}: ${message ?? 'no feed'} ${advice ?? ''}`
          : `A feed: “${feed.title}”, ${entries.length} articles, read in ${Math.round(took)} ms. Nothing was stored.`;
      const titles = entries.slice(0, 5).map(({ title }) => `· ${title}`);
      return { text, lines: [...steps.map(({ says }) => says), ...titles].slice(0, LINES) };
    },
    async '/ops/feeds/import'({ opml = '' }) {
      const { added, existing, rejected } = await addFeeds(sql, readOpml(opml), clock());
      return {
        text: `${added.length} feeds were added, ${existing.length} were there already, ${rejected.length} were left out.`,
        lines: rejected.slice(0, LINES).map(({ url, message }) => `${url}: ${message}`),
      };
    },
    '/ops/feeds/:id/pause': setState('paused'),
    '/ops/feeds/:id/resume': setState('active'),
    async '/ops/feeds/:id/poll'(_fields, request) {
      await pollNow(idIn(request));
      return 'The feed is polled as soon as a poller is free.';
    },
    async '/ops/curations'(fields, request) {
      const made = await addCuration(sql, { ...curationIn(fields, clock()), by: userOf(request) }, clock());
      return `${made.action === 'pin' ? 'Pinned' : 'Left out'}: ${made.value}. The lists follow within seconds.`;
    },
    async '/ops/curations/:id/end'(_fields, request) {
      const { id = '' } = request.params as { id?: string };
      if (!/^[1-9]\d{0,14}$/.test(id)) throw new CodedError('curation-unknown', 'There is no such decision.');
      await endCuration(sql, Number(id), userOf(request), clock());
      return 'The decision was ended. The lists follow within seconds.';
    },
  };
}

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
