import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeasure } from '../../src/api/measure.ts';
import { openMetrics } from '../../src/metrics.ts';

const MOST_SERIES = 2000;

test('who tries every method on every path makes no more series, and none of the requests is forgotten', async () => {
  const metrics = openMetrics('test', ['api']);
  const open = openMeasure(metrics);
  let asked = 0;
  for (let route = 0; route < 80; route++) {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'other']) {
      const measure = open(method, `/route/${route}`);
      for (const status of [200, 304, 404, 503]) {
        measure(status, 3);
        asked++;
      }
    }
  }
  const lines = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  assert.ok(lines.length < 0.9 * MOST_SERIES, `${lines.length} series of an api process`);
  const counts = lines.filter((line) => line.startsWith('newsrank_http_request_duration_seconds_count'));
  assert.equal(
    counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
    asked,
  );
  assert.ok(counts.some((line) => line.includes('route="/route/0"')));
  assert.ok(counts.some((line) => line.includes('method="other",route="other",status_class="5xx"')));
});
