import type { Settings } from '../../config/settings.ts';
import { MINUTE } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type ListKey, listRedisKey, type Snapshot } from '../ranking/list.ts';
import { buildPastList, type PastBuilder } from '../ranking/past.ts';
import { openKept } from './kept.ts';

/** A list made from the archive sums up to thirty days of reads, so what anybody may ask for is kept and bounded. */
const KEPT_MS = MINUTE;
const MAX_KEPT = 500;
const MAX_WAITING = 20;
const RETRY_SECONDS = 5;

/** Makes past lists, one at a time, each at most once a minute. Throws CodedError `unavailable` when too many are waited for. */
export function openPastLists(
  sql: Sql,
  { SITE_NAME: siteName, SITE_TIME_ZONE: zone }: Pick<Settings, 'SITE_NAME' | 'SITE_TIME_ZONE'>,
): PastBuilder {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = async (key: ListKey, at: Date): Promise<{ readonly list: Snapshot | undefined }> => {
    if (waiting >= MAX_WAITING) {
      throw new CodedError('unavailable', 'Too many past lists are being made. Ask again later.', {
        retryAfter: RETRY_SECONDS,
      });
    }
    waiting++;
    const made = last.then(() => buildPastList(sql, key, { siteName, zone }, at)).finally(() => waiting--);
    last = made.catch(() => undefined);
    return { list: await made };
  };
  const kept = openKept(KEPT_MS, MAX_KEPT, ({ key, at }: { readonly key: ListKey; readonly at: Date }) =>
    inTurn(key, at),
  );
  return async (key, at) => (await kept(`${listRedisKey(key)}@${at.getTime()}`, { key, at })).list;
}
