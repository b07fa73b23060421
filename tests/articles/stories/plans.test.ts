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

test('a plan that was made while there were no stories looks them up one by one when there are many', async () => {
  // Of what was never vacuumed the planner expects some rows, even where there are none.
  await sql.script('vacuum analyze stories, story_centroids, story_postings');
  await sql.transaction(async (within) => {
    // As whoever decides has its statements planned: once, and for all that comes.
    await becomeDecider(within);
    await within.query(`prepare find as ${statement('find-candidates')}`);
    await within.query(`prepare save as ${statement('save-stories')}`);
    await within.query(`explain execute find('{}', '{}', '{}', 300, 16)`);
    await within.query(`explain execute save('[]', now(), '{}', '{}', '{}')`);
    for (const fill of [
      'insert into stories (first_at) select now() from generate_series(1, 3000)',
      `insert into story_centroids (story_id, terms, weights, size, first_at, last_at, touched_at)
       select id, array['en:word' || id % 1000], '{0.5}', 1, now(), now(), now() from stories`,
      `insert into story_postings select word || id % 1000, id from stories, unnest(array['en:word', 'en:more']) word`,
    ]) {
      await within.query(fill);
    }
    const probes = [1, 2, 3].flatMap((asker) => ['word', 'more'].map((word) => [asker, `en:${word}${asker}`, 1]));
    const [askers, terms, weights] = [0, 1, 2].map((at) => `'{${probes.map((probe) => probe[at]).join()}}'`);
    const found = await pagesOf(within, `execute find(${askers}, ${terms}, ${weights}, 300, 16)`);
    assert.ok(found < 200, `${found} pages to find`);
    const dropped = `'{1,2,3}', '{en:word1,en:word2,en:word3}', '{f,f,f}'`;
    const saved = await pagesOf(within, `execute save('[]', now(), ${dropped})`);
    assert.ok(saved < 200, `${saved} pages to drop`);
    const { rows } = await within.query<{ n: number }>('select count(*) as n from story_postings');
    assert.equal(rows[0]?.n, 5997);
  });
});
