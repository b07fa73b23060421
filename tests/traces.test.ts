/** A collector of our own gets the traces of a running product: a poll is found under the tick that asked for it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { context, diag, propagation, trace } from '@opentelemetry/api';
import { openLog } from '../src/log.ts';
import { openTraces } from '../src/queues/traces.ts';
import { emptyFolder } from './support/folders.ts';
import { openOrigin, sending } from './support/origin.ts';
import { DEAD_PORT, listenFor } from './support/ports.ts';
import { engineSettings, eventually, startProduct } from './support/product.ts';

const COLLECTORS = {
  'is away': async () => DEAD_PORT,
  'takes traces and answers nothing': (t: TestContext) => listenFor(t, () => {}),
};

for (const [what, open] of Object.entries(COLLECTORS)) {
  test(`a collector that ${what} keeps no stop waiting`, async (t) => {
    t.after(() => {
      for (const registered of [trace, context, propagation, diag]) registered.disable();
    });
    const lines: string[] = [];
    const log = openLog('warn', { write: (line) => void lines.push(line) });
    const traces = await openTraces(`http://127.0.0.1:${await open(t)}`, '0.0.0-test', log);
    traces.telemetry.tracer.startSpan('a job').end();
    const startedAt = performance.now();
    await traces.close();
    const ms = performance.now() - startedAt;
    assert.ok(ms < 5000, `${ms} ms`);
    assert.match(lines.join(''), /the last traces are lost/);
  });
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: { stringValue?: string } }[] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const FEED =
  '<rss version="2.0"><channel><title>Traced</title><item><title>One</title><guid>1</guid></item></channel></rss>';

test('jobs are traced from the tick to the poll, and told to the collector under our name', async (t) => {
  const collector = await openOrigin();
  t.after(() => collector.close());
  const exports: Export[] = [];
  collector.on('/v1/traces', async (request, response) => {
    exports.push((await json(request)) as Export);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  collector.on('/feed', sending(FEED, { 'content-type': 'application/rss+xml' }));
  const file = join(await emptyFolder(t), 'feeds.opml');
  await writeFile(file, `<opml version="2.0"><body><outline xmlUrl="${collector.url}/feed"/></body></opml>`);
  const product = await startProduct(t, {
    ...(await engineSettings(t)),
    ...{ FEEDS_FILE: file, FETCH_ALLOW_CIDRS: '127.0.0.1/32', SCHEDULE_INTERVAL: '200ms' },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' },
  });
  await eventually('the feed is polled', async () => collector.requests.some(({ url }) => url === '/feed'));
  await eventually('another tick', async () => {
    const metrics = await (await fetch(`${product.url}/metrics`)).text();
    return Number(/^newsrank_jobs_total{queue="schedule-feeds",result="done"} (\d+)/m.exec(metrics)?.[1]) > 1;
  });
  // What has gathered by then is sent before the end.
  assert.equal(await product.stop(), 0);

  const [first] = exports.flatMap(({ resourceSpans }) => resourceSpans);
  const about = Object.fromEntries(first?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? []);
  assert.equal(about['service.name'], 'newsrank');
  assert.equal(about['deployment.environment'], 'test');
  const spans = exports.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const poll = spans.find(({ name }) => name === 'process poll-feed');
  assert.ok(poll, `no poll among ${[...new Set(spans.map(({ name }) => name))].join(', ')}`);
  const way: string[] = [];
  for (let span: Span | undefined = poll; span !== undefined; span = byId.get(span.parentSpanId ?? ''))
    way.push(span.name);
  assert.deepEqual(way, ['process poll-feed', 'addBulk poll-feed', 'process schedule-feeds']);
  const ticks = spans.filter(({ name }) => name === 'process schedule-feeds');
  assert.ok(ticks.length > 1);
  assert.equal(new Set(ticks.map(({ traceId }) => traceId)).size, ticks.length, 'each tick is a trace of its own');
});
