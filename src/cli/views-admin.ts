import type { Settings } from '../../config/settings.ts';
import type { LocalAccess } from '../api/local-access.ts';
import { type RevocationBody, type RevokedBody, revocationBody, revokedBody } from '../api/schemas/revocation.ts';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId } from '../ids.ts';
import { listRevocations } from '../views/revocations.ts';
import { type RevocationRule, revokeViews, undoRevocation } from '../views/revoke.ts';
import { allItems } from './all-pages.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

/** What is done about reads that should not count. */
export interface ViewsAdmin {
  /** Takes them out; without an author only tells what would be taken. */
  revoke(
    rule: RevocationRule,
    author: { readonly by: string; readonly reason: string } | undefined,
  ): Promise<RevokedBody>;
  /** Throws CodedError `revocation-unknown`. */
  undo(id: number, by: string): Promise<RevokedBody>;
  list(article: ArticleId | undefined): Promise<RevocationBody[]>;
}

/** Runs `work` on the reads of these settings, and closes what that took. */
export type WithViewsAdmin = <T>(settings: Settings, work: (admin: ViewsAdmin) => Promise<T>) => Promise<T>;

const PAGE = 200;

export const withViewsAdmin: WithViewsAdmin = (settings, work) =>
  whereDataIs(settings, {
    onDatabase: (sql) => work(viewsAdminOnSql(sql, settings.SITE_TIME_ZONE, systemClock)),
    throughApi: (access) => work(viewsAdminOnApi(access)),
  });

/** The reads of an open database; a counter that runs takes the lists along. */
export function viewsAdminOnSql(sql: Sql, zone: string, clock: Clock): ViewsAdmin {
  return {
    revoke: async (rule, author) => revokedBody(await revokeViews(sql, rule, zone, clock(), author)),
    undo: async (id, by) => revokedBody(await undoRevocation(sql, id, by, clock())),
    async list(article) {
      const page = (cursor?: string) => listRevocations(sql, { article, limit: PAGE, ...(cursor && { cursor }) });
      return (await allItems(page)).map(revocationBody);
    },
  };
}

/** The reads behind the API of a newsrank that runs on this machine. */
export function viewsAdminOnApi(access: LocalAccess): ViewsAdmin {
  const post = async (path: string, body: object): Promise<RevokedBody> =>
    JSON.parse(await callApi(access, path, { method: 'POST', body: JSON.stringify(body) }));
  return {
    revoke: (rule, author) => post('/v1/views/revoke', { ...rule, ...(author ?? { dryRun: true }) }),
    undo: (id, by) => post(`/v1/views/revocations/${id}/undo`, { by }),
    list: (article) =>
      allItems<RevocationBody>(async (cursor) => {
        const query = new URLSearchParams({ ...(article && { article }), ...(cursor && { cursor }) });
        return JSON.parse(await callApi(access, `/v1/views/revocations?${query}`));
      }),
  };
}
