import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { listen } from '../../src/api/port.ts';
import { checkNothing, seedExamples } from './examples.ts';
import { type FilledApi, openFilledApi } from './filled-api.ts';
import { ADMIN_TOKEN, INGEST_TOKEN, serverFor } from './server-under-test.ts';

const lines = ['api.md', 'feeds-out.md'].flatMap((name) =>
  [...readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8').matchAll(/^ {4}(curl .*)$/gm)].map(
    ([, line = '']) => line,
  ),
);
const lacksCurl = spawnSync('curl', ['--version']).status !== 0 && 'there is no curl';

describe('the lines of the guide', { skip: lacksCurl }, () => {
  let api: FilledApi;
  let app: FastifyInstance;
  let url: string;

  before(async () => {
    api = await openFilledApi();
    await seedExamples(api);
    app = await serverFor({}, { sql: api.sql, redis: api.redis, collected: api.seen, checkFeed: checkNothing });
    url = await listen(app, { HOST: '127.0.0.1', PORT: 0 });
  });
  after(async () => {
    await app.close();
    await api.close();
  });

  test('there are many', () => assert.ok(lines.length > 25, `${lines.length} lines`));

  for (const line of lines) {
    test(line, async () => {
      assert.match(line, /http:\/\/127\.0\.0\.1:8080\//, 'nothing else is called');
      const command = line
        .replaceAll('http://127.0.0.1:8080', url)
        .replace(/^curl /, "curl --silent --show-error --fail-with-body --noproxy '*' ");
      const run = promisify(execFile)('bash', ['-c', command], { env: { ...process.env, ADMIN_TOKEN, INGEST_TOKEN } });
      const { code, stdout } = await run.then(
        (ended) => ({ ...ended, code: 0 }),
        (failed: { readonly code: number; readonly stdout: string }) => failed,
      );
      // A stream ends when curl's time is over.
      assert.equal(code, line.includes('--max-time') ? 28 : 0, stdout);
      if (line.includes('/v1/stream')) assert.match(stdout, /^event: list$/m);
      if (line.includes('.rss')) assert.match(stdout, /<rss version="2.0"/);
    });
  }
});
