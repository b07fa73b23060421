import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { becomeDecider } from '../../../src/articles/copies/decider.ts';
import type { Sql } from '../../../src/engines/sql.ts';
import { openTestSql } from '../../support/engines.ts';

let sql: Sql;
let close: () => Promise<void>;

before(async () => {
  ({ sql, close } = await openTestSql());
});
after(() => close());

const statement = (name: string) =>
  readFileSync(new URL(`../../../src/articles/stories/${name}.sql`, import.meta.url), 'utf8');

/** Pages that the costliest part of it looks at: what a statement writes beside its answer is no part of the first. */
async function pagesOf(on: Sql, execution: string): Promise<number> {
  const { rows } = await on.query(`explain (analyze, buffers, format json) ${execution}`);
  const counts = JSON.stringify(rows).matchAll(/"Shared Hit Blocks":(\d+)/g);
  return Math.max(...[...counts].map(([, count]) => Number(count)));
}

/** What the look-up of articles is given that have two terms each. */
function asked(articles: readonly number[]): string {
  const askers = articles.flatMap((article) => [article, article]);
  const terms = articles.flatMap((article) => [`en:word${article}`, `en:more${article}`]);
  return `'{${askers}}', '{${terms}}', '{${askers.map(() => 1)}}', false, now(), 604800, 500, 8, 1000, 3, 600, 300, 16, 1`;
}

test('a plan that was made while there were no stories looks them up one by one when there are many', async () => {
  // Of what was never vacuumed the planner expects some rows, even where there are none.
  await sql.script('vacuum analyze stories, story_centroids, story_postings');
  await sql.transaction(async (within) => {
    // As whoever decides has its statements planned: once, and for all that comes.
    await becomeDecider(within);
    await within.query(`prepare find as ${statement('look-up')}`);
    await within.query(`prepare save as ${statement('save-stories')}`);
    await within.query(`explain execute find(${asked([])})`);
    await within.query(`explain execute save('[]', '[]', now(), '{}', '{}', 604800)`);
    for (const fill of [
      'insert into stories (first_at) select now() from generate_series(1, 3000)',
      `insert into story_centroids (story_id, centroid, size, first_at, last_at, touched_at)
       select id, json_build_object('en:word' || id % 1000, 0.5), 1, now(), now(), now() from stories`,
      `insert into story_postings select word || id % 1000, id from stories, unnest(array['en:word', 'en:more']) word`,
      `insert into term_frequencies select distinct term, 3, now() from story_postings`,
    ]) {
      await within.query(fill);
    }
    const found = await pagesOf(within, `execute find(${asked([1, 2, 3])})`);
    assert.ok(found < 200, `${found} pages to find`);
    const dropped = [1, 2, 3].map((story) => ({ story, term: `en:word${story}`, kept: false }));
    const saved = await pagesOf(
      within,
      `execute save('[]', '${JSON.stringify(dropped)}', now(), '{en:word7,en:new}', '{1,1}', 604800)`,
    );
    assert.ok(saved < 200, `${saved} pages to drop`);
    const { rows } = await within.query<{ n: number }>('select count(*) as n from story_postings');
    assert.equal(rows[0]?.n, 5997);
  });
});
