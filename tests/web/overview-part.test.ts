import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Storage } from '../../src/engines/storage.ts';
import { openEditions } from '../../src/web/edition.ts';
import { overviewPart } from '../../src/web/ops/overview-part.ts';
import { opsEdition } from '../../src/web/ops/words.ts';

const WELL: Storage = { database: 1e7, tables: [], redis: 3e8, redisLimit: 1e9, redisFullest: 0.3 };
const edition = opsEdition(openEditions('UTC')('en', undefined));

function redisTile(storage: Partial<Storage>) {
  const overview = { feeds: {}, overdue: 0, lists: [], queues: [], storage: { ...WELL, ...storage } };
  return overviewPart(overview, edition).tiles.find(({ name }) => name === 'Redis');
}

test('one full server of a cluster is enough to look bad, whatever the others hold', () => {
  assert.deepEqual(redisTile({}), { name: 'Redis', value: '300 MB', about: 'of 1.0 GB', isBad: false });
  assert.equal(redisTile({ redisFullest: 0.85 })?.isBad, false);
  assert.equal(redisTile({ redisFullest: 0.9 })?.isBad, true);
  assert.equal(redisTile({ redisLimit: null, redisFullest: 0.9 })?.isBad, true, 'where others have no limit, too');
});
