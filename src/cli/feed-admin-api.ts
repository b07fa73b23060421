import type { LocalAccess } from '../api/local-access.ts';
import type { ExplanationBody, FeedBody } from '../api/schemas/feed.ts';
import { CodedError } from '../errors.ts';
import { writeOpml } from '../feeds/write-opml.ts';
import { feedId } from '../ids.ts';
import { allPages } from './all-pages.ts';
import type { FeedAdmin, ImportCounts } from './feed-admin.ts';
import { isFeedId, unknownFeed } from './feed-admin-sql.ts';
import { callApi } from './through-api.ts';

interface Page {
  readonly items: readonly FeedBody[];
  readonly next: string | null;
}

/** The feeds behind the API of a newsrank that runs on this machine. */
export function feedAdminOnApi(access: LocalAccess): FeedAdmin {
  const json = async <T>(path: string, body?: unknown): Promise<T> =>
    JSON.parse(await callApi(access, path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }));
  const readPage = (query: Record<string, string>) =>
    json<Page>(`/v1/feeds?${new URLSearchParams({ limit: '500', ...query })}`);

  const find = async (idOrUrl: string): Promise<FeedBody> => {
    if (isFeedId(idOrUrl)) return json<FeedBody>(`/v1/feeds/${idOrUrl}`);
    const [feed] = (await readPage({ url: idOrUrl })).items;
    if (feed === undefined) throw unknownFeed(idOrUrl);
    return feed;
  };

  return {
    find,
    async add({ url, title = '', categories = [], keepDays }) {
      try {
        const { id } = await json<FeedBody>('/v1/feeds', {
          ...{ url, title, categories },
          ...(keepDays !== undefined && { keepDays }),
        });
        return { id: feedId(id), isNew: true };
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'feed-exists') throw error;
        return { id: feedId((await find(url)).id), isNew: false };
      }
    },
    async addAll({ feeds, others }) {
      const opml = writeOpml(feeds, 'newsrank', others);
      return JSON.parse(
        await callApi(access, '/v1/feeds/import', { method: 'POST', body: opml, type: 'text/x-opml' }),
      ) as ImportCounts;
    },
    async *list({ state, category, isFailing }) {
      const filter = {
        ...(state !== undefined && { state }),
        ...(category !== undefined && { category }),
        ...(isFailing !== undefined && { failing: String(isFailing) }),
      };
      const pages = allPages((cursor) => readPage({ ...filter, ...(cursor && { cursor }) }));
      for await (const { items } of pages) yield items;
    },
    explain: (id) => json<ExplanationBody>(`/v1/feeds/${id}/explain`),
    async remove(id) {
      await callApi(access, `/v1/feeds/${id}`, { method: 'DELETE' });
    },
    async poll(id) {
      await callApi(access, `/v1/feeds/${id}/poll`, { method: 'POST' });
      return 'asked';
    },
    exportOpml: () => callApi(access, '/v1/feeds.opml'),
  };
}
