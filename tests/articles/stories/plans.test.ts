import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { becomeDecider } from '../../../src/articles/copies/decider.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { openTestSql } from '../../support/engines.ts';
import { NOW } from '../entries.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());

const statement = (name: string) =>
  readFileSync(new URL(`../../../src/articles/stories/${name}.sql`, import.meta.url), 'utf8');

/** Pages that a statement looks at, planned as a decider has it planned. */
async function pagesOf(name: string, parameters: readonly unknown[]): Promise<number> {
  const { rows } = await sql.transaction(async (within) => {
    await becomeDecider(within);
    return within.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) ${statement(name)}`,
      parameters,
    );
  });
  const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

test('stories are looked up one by one, also where the planner takes them for none', async () => {
  await sql.script('vacuum analyze stories, story_centroids, story_postings');
  await sql.script(`
    insert into stories (first_at) select now() from generate_series(1, 3000);
    insert into story_centroids (story_id, centroid, size, first_at, last_at, touched_at)
      select id, json_build_object('en:word' || id % 1000, 0.5), 1, now(), now(), now() from stories;
    insert into story_postings select 'en:word' || id % 1000, id from stories;
    insert into story_postings select 'en:more' || id % 1000, id from stories`);
  const probes = [1, 2, 3].flatMap((asker) =>
    ['word', 'more'].map((word) => ({ asker, term: `en:${word}${asker}`, weight: 1 })),
  );
  const found = await pagesOf('find-candidates', [JSON.stringify(probes), 300, 16]);
  assert.ok(found < 100, `${found} pages to find`);
  const dropped = [1, 2, 3].map((story) => ({ story, term: `en:word${story}`, kept: false }));
  const saved = await pagesOf('save-stories', ['[]', JSON.stringify(dropped), NOW]);
  assert.ok(saved < 100, `${saved} pages to drop`);
  const { rows } = await sql.query<{ n: number }>(`select count(*) as n from story_postings`);
  assert.equal(rows[0]?.n, 5997);
});
