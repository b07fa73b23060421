import type { Settings } from '../../config/settings.ts';
import { findClosed } from '../api/find-closed.ts';
import type { ClosedSnapshot } from '../ranking/closed-list.ts';
import type { Scope } from '../ranking/list.ts';
import type { Period } from '../ranking/periods.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

export interface AskedClosed {
  readonly period: Period;
  readonly start: string;
  readonly scope: Scope;
  readonly limit: number;
}

export type ReadClosed = (settings: Settings, asked: AskedClosed) => Promise<ClosedSnapshot>;

/** From the database of the settings, or through the API of the newsrank that has it. */
export const readClosedHere: ReadClosed = (settings, { period, start, scope, limit }) =>
  whereDataIs(settings, {
    async onDatabase(sql) {
      const site = { siteName: settings.SITE_NAME, zone: settings.SITE_TIME_ZONE };
      const list = await findClosed(sql, site, { period, start, scope });
      return { ...list, items: list.items.slice(0, limit) };
    },
    async throughApi(access) {
      const query = new URLSearchParams({ limit: `${limit}`, ...(scope !== 'site' && { category: scope }) });
      const path = `/v1/rankings/closed/${period}/${encodeURIComponent(start)}?${query}`;
      return JSON.parse(await callApi(access, path)) as ClosedSnapshot;
    },
  });
