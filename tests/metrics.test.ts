import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMetrics } from '../src/metrics.ts';

test('a gauge has no value until somebody sets it, since 0 would be the best of all', async () => {
  const metrics = openMetrics('1.2.3', ['api', 'counter']);
  const before = await metrics.render();
  assert.doesNotMatch(before, /^newsrank_(archive_lag_seconds|ranking_age_seconds|feeds_overdue|own_outage)[ {]/m);
  assert.match(before, /^newsrank_role_info{has="api"} 1\nnewsrank_role_info{has="counter"} 1$/m);
  metrics.archiveLag.set(7);
  assert.match(await metrics.render(), /^newsrank_archive_lag_seconds 7$/m);
});

test('who asks is answered although a gauge cannot be brought up to date, which is asked for once meanwhile', async () => {
  const metrics = openMetrics('1.2.3');
  let asked = 0;
  let release = () => {};
  metrics.onScrape(async () => {
    asked++;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    metrics.feedsOverdue.set(3);
  });
  metrics.onScrape(async () => metrics.archiveLag.set(asked));
  metrics.onScrape(async () => {
    throw new Error('away');
  });
  const startedAt = performance.now();
  const [one, other] = await Promise.all([metrics.render(), metrics.render()]);
  const ms = performance.now() - startedAt;
  assert.ok(ms < 5000, `${ms} ms`);
  assert.equal(asked, 1);
  for (const text of [one, other]) assert.match(text, /^newsrank_archive_lag_seconds 1$/m);
  release();
  await new Promise(setImmediate);
  const third = metrics.render();
  await new Promise(setImmediate);
  assert.equal(asked, 2);
  release();
  assert.match(await third, /^newsrank_feeds_overdue 3$/m);
});
