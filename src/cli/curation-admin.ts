import type { Settings } from '../../config/settings.ts';
import type { LocalAccess } from '../api/local-access.ts';
import { type CurationAnswer, curationBody } from '../api/schemas/curation.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { addCuration, endCuration, listCurations, type NewCuration } from '../ranking/curation-store.ts';
import { allItems } from './all-pages.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

/** What editors decide about lists. */
export interface CurationAdmin {
  /** Throws CodedError `curation-invalid`, `article-unknown` or `category-unknown`. */
  add(asked: NewCuration): Promise<CurationAnswer>;
  /** Throws CodedError `curation-unknown`. */
  end(id: number, by: string): Promise<CurationAnswer>;
  list(all: boolean): Promise<readonly CurationAnswer[]>;
}

/** Runs `work` on the lists of these settings, and closes what that took. */
export type WithCuration = <T>(settings: Settings, work: (admin: CurationAdmin) => Promise<T>) => Promise<T>;

const PAGE = 500;

export const withCuration: WithCuration = (settings, work) =>
  whereDataIs(settings, {
    onDatabase: (sql) => work(curationOnSql(sql, systemClock)),
    throughApi: (access) => work(curationOnApi(access)),
  });

/** The decisions of an open database; a ranker that runs finds them at its next tick. */
export function curationOnSql(sql: Sql, clock: Clock): CurationAdmin {
  return {
    add: async (asked) => curationBody(await addCuration(sql, asked, clock())),
    end: async (id, by) => curationBody(await endCuration(sql, id, by, clock())),
    async list(all) {
      const page = (cursor?: string) => listCurations(sql, { all, limit: PAGE, ...(cursor && { cursor }) }, clock());
      return (await allItems(page)).map(curationBody);
    },
  };
}

/** The decisions behind the API of a newsrank that runs on this machine. */
export function curationOnApi(access: LocalAccess): CurationAdmin {
  const post = async (path: string, body: object): Promise<CurationAnswer> =>
    JSON.parse(await callApi(access, path, { method: 'POST', body: JSON.stringify(body) }));
  return {
    async add({ kind, scope, place, expiresAt, ...asked }) {
      return await post('/v1/curations', {
        ...asked,
        ...(kind !== null && { list: kind }),
        ...(scope !== null && { scope }),
        ...(place !== null && { place }),
        ...(expiresAt !== null && { expires: expiresAt.toISOString() }),
      });
    },
    end: (id, by) => post(`/v1/curations/${id}/end`, { by }),
    list: (all) =>
      allItems<CurationAnswer>(async (cursor) => {
        const query = new URLSearchParams({ all: String(all), ...(cursor && { cursor }) });
        return JSON.parse(await callApi(access, `/v1/curations?${query}`));
      }),
  };
}
