import type { Sql } from '../engines/sql.ts';
import { LANGUAGE } from './filter.ts';

const MAX_LANGUAGES = 100;

/** The languages of all articles as codes such as `en`, each found by one step down the index of languages. */
export async function listLanguages(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ code: string }>(
    `with recursive language (code) as (
       (select ${LANGUAGE} from articles article where ${LANGUAGE} > '' order by 1 limit 1)
       union all
       select (
         select ${LANGUAGE} from articles article where ${LANGUAGE} > language.code order by 1 limit 1
       )
       from language where language.code is not null
     )
     select code from language where code is not null limit ${MAX_LANGUAGES}`,
  );
  return rows.map(({ code }) => code).filter((code) => /^[a-z]{2,8}$/.test(code));
}
