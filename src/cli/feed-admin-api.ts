import { request } from 'undici';
import type { LocalAccess } from '../api/local-access.ts';
import type { ExplanationBody, FeedBody } from '../api/schemas/feed.ts';
import { CodedError, ERRORS, type ErrorCode, messageOf } from '../errors.ts';
import { writeOpml } from '../feeds/opml.ts';
import { feedId } from '../ids.ts';
import type { FeedAdmin, ImportCounts } from './feed-admin.ts';
import { isFeedId, unknownFeed } from './feed-admin-sql.ts';

type Method = 'GET' | 'POST' | 'DELETE';

interface Page {
  readonly items: readonly FeedBody[];
  readonly next: string | null;
}

/** The feeds behind the API of a newsrank that runs on this machine. */
export function feedAdminOnApi(access: LocalAccess): FeedAdmin {
  const json = async <T>(method: Method, path: string, body?: unknown): Promise<T> =>
    JSON.parse(await call(access, method, path, body === undefined ? undefined : JSON.stringify(body)));
  const readPage = (query: Record<string, string>) =>
    json<Page>('GET', `/v1/feeds?${new URLSearchParams({ limit: '500', ...query })}`);

  const find = async (idOrUrl: string): Promise<FeedBody> => {
    if (isFeedId(idOrUrl)) return json<FeedBody>('GET', `/v1/feeds/${idOrUrl}`);
    const [feed] = (await readPage({ url: idOrUrl })).items;
    if (feed === undefined) throw unknownFeed(idOrUrl);
    return feed;
  };

  return {
    find,
    async add({ url, title = '', categories = [] }) {
      try {
        const { id } = await json<FeedBody>('POST', '/v1/feeds', { url, title, categories });
        return { id: feedId(id), isNew: true };
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'feed-exists') throw error;
        return { id: feedId((await find(url)).id), isNew: false };
      }
    },
    async addAll(feeds) {
      const opml = writeOpml(feeds, 'newsrank');
      return JSON.parse(await call(access, 'POST', '/v1/feeds/import', opml, 'text/x-opml')) as ImportCounts;
    },
    async *list({ state, category, isFailing }) {
      const filter = {
        ...(state !== undefined && { state }),
        ...(category !== undefined && { category }),
        ...(isFailing !== undefined && { failing: String(isFailing) }),
      };
      let page = await readPage(filter);
      yield page.items;
      while (page.next !== null) {
        page = await readPage({ ...filter, cursor: page.next });
        yield page.items;
      }
    },
    explain: (id) => json<ExplanationBody>('GET', `/v1/feeds/${id}/explain`),
    async remove(id) {
      await call(access, 'DELETE', `/v1/feeds/${id}`);
    },
    async poll(id) {
      await call(access, 'POST', `/v1/feeds/${id}/poll`);
      return 'asked';
    },
    exportOpml: () => call(access, 'GET', '/v1/feeds.opml'),
  };
}

/** The body of the answer. A problem comes back as the CodedError that it was on the other side. */
async function call(
  { url, token }: LocalAccess,
  method: Method,
  path: string,
  body?: string,
  type = 'application/json',
): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) };
  const { statusCode, text } = await send(new URL(path, url), { method, headers, ...(body !== undefined && { body }) });
  if (statusCode < 400) return text;
  const { code, detail } = problemIn(text);
  throw new CodedError(code, detail ?? `${method} ${path} was answered with ${statusCode}.`);
}

async function send(url: URL, options: { method: Method; headers: Record<string, string>; body?: string }) {
  try {
    const answer = await request(url, options);
    return { statusCode: answer.statusCode, text: await answer.body.text() };
  } catch (error) {
    const message = `The newsrank that runs at ${url.origin} does not answer (${messageOf(error)}). Try again, or stop it.`;
    throw new CodedError('unavailable', message, { cause: error });
  }
}

function problemIn(text: string): { code: ErrorCode; detail?: string } {
  try {
    const { code, detail } = JSON.parse(text);
    return { code: Object.hasOwn(ERRORS, code) ? code : 'unavailable', ...(typeof detail === 'string' && { detail }) };
  } catch {
    return { code: 'unavailable' };
  }
}
