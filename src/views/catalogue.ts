import { LRUCache } from 'lru-cache';
import { type Clock, MINUTE, SECOND } from '../clock.ts';
import type { ArticleId } from '../ids.ts';
import { type LookupLimits, openLookup } from './lookup.ts';
import type { CountedArticle, ViewReport } from './view.ts';

/** How articles are found in the database, many at a time. */
export interface ArticleFinder {
  /** By the ids asked for: an article's id may lead to another one, for which its views count. */
  byIds(ids: string[]): Promise<ReadonlyMap<ArticleId, CountedArticle>>;
  byUrls(urls: string[]): Promise<ReadonlyMap<string, ArticleId>>;
}

/** Which articles views belong to, answered from a bounded memory. */
export interface Catalogue {
  /** The article that each report counts for, in the same order; undefined where there is none. An id goes before a URL. */
  find(reports: readonly ViewReport[]): Promise<(CountedArticle | undefined)[]>;
  /** The same at once, where all of them are remembered; undefined where `find` would have to ask. */
  recall?(reports: readonly ViewReport[], now: Date): (CountedArticle | undefined)[] | undefined;
}

/** How long what is known of an article is believed; longer only while the database cannot be asked. */
export const ARTICLE_MEMORY = MINUTE;

const LIMITS: LookupLimits = {
  maxEntries: 20_000,
  hitMs: ARTICLE_MEMORY,
  missMs: 10 * SECOND,
  restMs: 5 * SECOND,
  loadMs: SECOND,
};

/** Thousands of articles are filed in the same few ways: they share a list. */
const MAX_LISTS = 1000;

export function openCatalogue(finder: ArticleFinder, clock: Clock, limits: Partial<LookupLimits> = {}): Catalogue {
  const bounds = { ...LIMITS, ...limits };
  const lists = new LRUCache<string, CountedArticle['categories']>({ max: MAX_LISTS });
  const shared = ({ id, categories }: CountedArticle): CountedArticle => {
    const name = categories.join();
    const list = lists.get(name) ?? categories;
    lists.set(name, list);
    return { id, categories: list };
  };
  const articles = openLookup<string, CountedArticle>(
    async (ids) => new Map(Array.from(await finder.byIds(ids), ([id, article]) => [id, shared(article)])),
    clock,
    bounds,
  );
  const urls = openLookup<string, { readonly id: ArticleId }>(
    async (asked) => {
      const found = await finder.byUrls(asked);
      return new Map(Array.from(found, ([url, id]) => [url, { id }]));
    },
    clock,
    bounds,
  );

  const recall = ({ article, url }: ViewReport, now: number): CountedArticle | null | undefined => {
    if (article !== undefined) return articles.peek(article, now);
    const byUrl = url === undefined ? null : urls.peek(url, now);
    return byUrl ? articles.peek(byUrl.id, now) : byUrl;
  };

  return {
    recall(reports, now) {
      const found: (CountedArticle | undefined)[] = [];
      for (const report of reports) {
        const article = recall(report, now.getTime());
        if (article === undefined) return undefined;
        found.push(article ?? undefined);
      }
      return found;
    },
    async find(reports) {
      const named = reports.filter(({ article }) => article === undefined).flatMap(({ url }) => url ?? []);
      const byUrl = await urls.get(named);
      const ids = reports.map(({ article, url }) => article ?? byUrl.get(url ?? '')?.id);
      const byId = await articles.get(ids.filter((id) => id !== undefined));
      return ids.map((id) => (id === undefined ? undefined : byId.get(id)));
    },
  };
}
