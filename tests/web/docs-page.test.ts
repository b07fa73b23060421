import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import type { FastifyInstance } from 'fastify';
import { openServer } from '../../src/api/server.ts';
import { registerPages } from '../../src/web/pages.ts';
import { seedExamples } from '../api/examples.ts';
import { type FilledApi, openFilledApi } from '../api/filled-api.ts';
import { toolsFor } from '../api/server-under-test.ts';
import { lacksChromium, openBrowser, openWatched } from '../support/chromium.ts';

let api: FilledApi;
let app: FastifyInstance;
let html: string;

before(async () => {
  api = await openFilledApi();
  await seedExamples(api);
  const tools = toolsFor({}, { sql: api.sql, redis: api.redis, collected: api.seen });
  app = await openServer(tools, [(web) => registerPages(web, tools)]);
  html = (await app.inject({ url: '/docs', headers: { accept: 'text/html', host: 'rank.example' } })).body;
});
after(async () => {
  await app?.close();
  await api?.close();
});

test('every route of the description is on the page, with a line to copy and what it answers', async () => {
  const { paths, components } = (await app.inject('/v1/openapi.json')).json();
  for (const [path, methods] of Object.entries<Record<string, { operationId: string; security?: object }>>(paths)) {
    for (const [method, { operationId, security }] of Object.entries(methods)) {
      const [, route = ''] =
        new RegExp(`<article class="route" id="${operationId}"([\\s\\S]*?)</article>`).exec(html) ?? [];
      assert.match(
        route,
        new RegExp(`<span class="method">${method.toUpperCase()}</span> <code>`),
        `${method} ${path}`,
      );
      assert.match(route, /<pre><code>curl .*http:\/\/rank\.example\//, path);
      assert.equal(/Takes <code>(ADMIN|INGEST)_TOKEN/.test(route), security !== undefined, path);
      assert.match(route, /<h4>[2-5][\dX]{2}/, path);
    }
  }
  for (const [, shape = ''] of html.matchAll(/href="#shape-([^"]+)"/g)) assert.ok(components.schemas[shape], shape);
  for (const name of Object.keys(components.schemas)) assert.match(html, new RegExp(`id="shape-${name}"`));
});

test('what can be opened from it answers', async () => {
  const links = [...html.matchAll(/<a href="([^"]+)">Open it/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
  assert.ok(links.length > 10);
  for (const link of links.filter((href) => !href.startsWith('/v1/stream'))) {
    const { statusCode, body } = await app.inject(link);
    assert.ok(statusCode < 400, `${link}: ${body}`);
  }
});

test('axe finds nothing on it, nothing overflows, and no policy is broken', { skip: lacksChromium }, async () => {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await openBrowser();
  try {
    const { page, complaints, hosts } = await openWatched(await browser.context());
    for (const [path, width, colorScheme] of [
      ['/docs?x=1', 1440, 'light'],
      ['/docs?lang=ja', 320, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.goto(origin + path);
      await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, path);
      await page.evaluate(axe.source);
      const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults;
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]),
        [],
        path,
      );
    }
    assert.deepEqual(complaints, []);
    assert.deepEqual([...hosts], [new URL(origin).host]);
  } finally {
    await browser.close();
  }
});
