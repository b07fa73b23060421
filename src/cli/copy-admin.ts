import type { Settings } from '../../config/settings.ts';
import type { LocalAccess } from '../api/local-access.ts';
import { type MergedBody, mergedBody, type SplitBody, splitBody } from '../api/schemas/copies.ts';
import { mergeArticle } from '../articles/copies/merge.ts';
import { splitArticle } from '../articles/copies/split.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { type ArticleId, parseArticleId } from '../ids.ts';
import { callApi } from './through-api.ts';
import { whereDataIs } from './where-data-is.ts';

/** What is done about a wrong judgement of which articles are copies. */
export interface CopyAdmin {
  /** Throws CodedError `article-unknown` or `article-alone`. */
  split(id: string): Promise<SplitBody>;
  /** Throws CodedError `article-unknown` or `usage-invalid`. */
  merge(id: string, into: string): Promise<MergedBody>;
}

/** Runs `work` on the articles of these settings, and closes what that took. */
export type WithCopyAdmin = <T>(settings: Settings, work: (admin: CopyAdmin) => Promise<T>) => Promise<T>;

export const withCopyAdmin: WithCopyAdmin = (settings, work) =>
  whereDataIs(settings, {
    onDatabase: (sql) => work(copyAdminOnSql(sql, systemClock)),
    throughApi: (access) => work(copyAdminOnApi(access)),
  });

/** The articles of an open database. */
export function copyAdminOnSql(sql: Sql, clock: Clock): CopyAdmin {
  return {
    split: async (id) => splitBody(await splitArticle(sql, known(id), clock())),
    merge: async (id, into) => mergedBody(await mergeArticle(sql, known(id), known(into), clock())),
  };
}

/** The articles behind the API of a newsrank that runs on this machine. */
export function copyAdminOnApi(access: LocalAccess): CopyAdmin {
  const post = async <T>(id: string, verb: string, body: object): Promise<T> =>
    JSON.parse(
      await callApi(access, `/v1/articles/${known(id)}/${verb}`, { method: 'POST', body: JSON.stringify(body) }),
    );
  return {
    split: (id) => post<SplitBody>(id, 'split', {}),
    merge: (id, into) => post<MergedBody>(id, 'merge', { into: known(into) }),
  };
}

function known(text: string): ArticleId {
  const id = parseArticleId(text);
  if (id === undefined) throw new CodedError('article-unknown', `There is no article ${text}.`);
  return id;
}
