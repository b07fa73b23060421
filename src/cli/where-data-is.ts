import type { Settings } from '../../config/settings.ts';
import { findAccess, type LocalAccess } from '../api/local-access.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { withDatabase } from './database.ts';

/** The same work in two ways: on the open database, or through the API of the newsrank that has it. */
export interface TwoWays<T> {
  onDatabase(sql: Sql): Promise<T>;
  throughApi(access: LocalAccess): Promise<T>;
}

/** Works on the database of the settings; where a running newsrank has the embedded one to itself, through its API. */
export async function whereDataIs<T>(settings: Settings, ways: TwoWays<T>): Promise<T> {
  try {
    return await withDatabase(settings, ways.onDatabase);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'data-folder-locked') throw error;
    const access = await findAccess(settings.DATA_DIR);
    if (access === undefined) throw withAdvice(error);
    return await ways.throughApi(access);
  }
}

function withAdvice(error: CodedError): CodedError {
  const advice = `Or ask it over HTTP: curl -H "Authorization: Bearer $ADMIN_TOKEN" http://HOST:PORT/v1/feeds`;
  return new CodedError(error.code, `${error.message} ${advice}`, { cause: error });
}
