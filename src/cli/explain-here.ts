import type { Settings } from '../../config/settings.ts';
import { findAccess } from '../api/local-access.ts';
import { type ExplanationBody, explanationBody } from '../api/schemas/explanation.ts';
import { systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { openEngines } from '../engines/open.ts';
import { CodedError } from '../errors.ts';
import type { ArticleId } from '../ids.ts';
import { openLog } from '../log.ts';
import { explainPlace } from '../ranking/explain.ts';
import type { ListKey } from '../ranking/list.ts';
import { migrate } from '../schema/migrate.ts';
import { restoreCounts } from '../views/restore.ts';
import { callApi } from './through-api.ts';

export type Explain = (settings: Settings, key: ListKey, article: ArticleId) => Promise<ExplanationBody>;

/** On the engines of the settings, or where a running newsrank has the embedded ones to itself, through its API. */
export const explainHere: Explain = async (settings, key, article) => {
  const closers = openClosers(() => undefined);
  try {
    const { sql, redis } = await openEngines(settings, closers, openLog('silent'));
    await migrate(sql);
    // An embedded Redis begins empty; on a server this costs 16 look-ups.
    if (settings.REDIS_URL === undefined) await restoreCounts(sql, redis, systemClock());
    return explanationBody(await explainPlace(sql, redis, key, article, systemClock()));
  } catch (error) {
    const isLocked = error instanceof CodedError && error.code === 'data-folder-locked';
    const access = isLocked ? await findAccess(settings.DATA_DIR) : undefined;
    if (access === undefined) throw error;
    return JSON.parse(await callApi(access, explainPath(key, article))) as ExplanationBody;
  } finally {
    await closers.closeAll();
  }
};

export function explainPath({ kind, scope, window }: ListKey, article: ArticleId): string {
  const query = new URLSearchParams({
    ...(scope !== 'site' && { category: scope }),
    ...(window !== null && { window }),
  });
  return `/v1/rankings/${kind}/explain/${article}?${query}`;
}
