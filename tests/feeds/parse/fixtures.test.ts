import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readFeed } from '../../../src/feeds/parse/read-feed.ts';

const FOLDER = new URL('../../fixtures/feeds/', import.meta.url);
const inputs = readdirSync(FOLDER).filter((name) => !name.endsWith('.json'));

/** Each feed stands beside what it is read as: `x.xml` and `x.json`. */
for (const name of inputs) {
  test(`reads ${name}`, async () => {
    const expected = new URL(name.replace(/\.\w+$/, '.json'), FOLDER);
    const source = { contentType: null, url: 'http://feed.test/dir/feed', defaultZone: null };
    const result = await readFeed(readFileSync(new URL(name, FOLDER)), source);
    assert.equal(result.kind, 'feed');
    const read: unknown = JSON.parse(JSON.stringify(result.kind === 'feed' ? result.feed : null));
    assert.deepEqual(read, JSON.parse(readFileSync(expected, 'utf8')));
  });
}

test('every expectation has its feed', () => {
  const stems = inputs.map((name) => name.replace(/\.\w+$/, '')).sort();
  const expectations = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  assert.deepEqual(expectations.map((name) => name.replace(/\.json$/, '')).sort(), stems);
});
