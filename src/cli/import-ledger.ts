import type { Settings } from '../../config/settings.ts';
import type { LocalAccess } from '../api/local-access.ts';
import { findArticleIdsByUrl, findCounted } from '../articles/store.ts';
import { systemClock } from '../clock.ts';
import type { ImportLedger } from '../views/import/ledger.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

/** Runs `work` on what remembers the imports of these settings, and closes what that took. */
export type WithImports = <T>(settings: Settings, work: (ledger: ImportLedger) => Promise<T>) => Promise<T>;

export const withImports: WithImports = (settings, work) =>
  whereDataIs(settings, {
    async onDatabase(sql) {
      const { ledgerOnSql } = await import('../views/import/store.ts');
      const byIds = (ids: readonly string[]) => findCounted(sql, ids);
      const byUrls = (urls: readonly string[]) => findArticleIdsByUrl(sql, urls);
      return await work(ledgerOnSql(sql, { byIds, byUrls }, systemClock));
    },
    throughApi: (access) => work(ledgerOnApi(access)),
  });

/** The imports behind the API of a newsrank that runs on this machine: the log is read here, and only counts go there. */
export function ledgerOnApi(access: LocalAccess): ImportLedger {
  const post = async <T>(step: string, body: object): Promise<T> =>
    JSON.parse(await callApi(access, `/v1/views/import/${step}`, { method: 'POST', body: JSON.stringify(body) }));
  return {
    begin: (head, source) => post('begin', { head, source }),
    find: async (names) =>
      (await post<{ articles: Awaited<ReturnType<ImportLedger['find']>> }>('find', { names })).articles,
    commit: (batch) => post('commit', batch),
  };
}
