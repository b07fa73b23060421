import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHub, signed, verification } from './feeds/websub/hub.ts';
import { skipWithoutPostgres } from './support/engines.ts';
import { emptyFolder } from './support/folders.ts';
import { sending } from './support/origin.ts';
import { engineSettings, eventually, getJson, startProduct } from './support/product.ts';

const entry = (name: string) =>
  `<entry><id>${name}</id><title>${name}</title><link href="https://times.example/${name}"/></entry>`;

test('a feed that names a hub is subscribed to, and what the hub pushes is listed at once', {
  skip: skipWithoutPostgres,
}, async (t) => {
  const hub = await openHub();
  t.after(() => hub.close());
  const document = (...names: string[]) =>
    `<feed xmlns="http://www.w3.org/2005/Atom"><title>Times</title><link rel="hub" href="${hub.url}"/>
     <link rel="self" href="${hub.origin.url}/feed"/>${names.map(entry).join('')}</feed>`;
  hub.origin.on('/feed', sending(document('polled'), { 'content-type': 'application/atom+xml' }));
  const file = join(await emptyFolder(t), 'feeds.opml');
  const outline = `<outline type="rss" text="Times" xmlUrl="${hub.origin.url}/feed"/>`;
  await writeFile(file, `<opml version="2.0"><body>${outline}</body></opml>`);
  const product = await startProduct(t, {
    ...(await engineSettings(t)),
    ...{ FEEDS_FILE: file, FETCH_ALLOW_CIDRS: '127.0.0.1/32', SCHEDULE_INTERVAL: '300ms' },
    PUBLIC_URL: 'https://rank.example',
  });

  const form = await eventually('the hub is asked', async () => hub.asked[0]);
  assert.equal(form.get('hub.topic'), `${hub.origin.url}/feed`);
  const verified = await fetch(product.url + verification(form));
  assert.deepEqual([verified.status, await verified.text()], [200, 'a challenge <b>&']);
  const body = document('pushed', 'polled');
  const pushed = await fetch(product.url + new URL(form.get('hub.callback') ?? '').pathname, {
    method: 'POST',
    headers: { 'content-type': 'application/atom+xml', ...signed(body, form.get('hub.secret') ?? '') },
    body,
  });
  assert.equal(pushed.status, 202);
  const { items } = await getJson<{ items: { title: string }[] }>(`${product.url}/v1/articles`);
  assert.deepEqual(items.map(({ title }) => title).sort(), ['polled', 'pushed']);
  const metrics = await (await fetch(`${product.url}/metrics`)).text();
  assert.match(metrics, /^newsrank_pushes_total\{result="stored"\} 1$/m);
  assert.match(metrics, /^newsrank_subscriptions\{state="verified"\} 1$/m);
  assert.equal(await product.stop(), 0);
});
