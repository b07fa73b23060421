import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { listen } from '../../src/api/server.ts';
import { type Browser, lacksChromium, openBrowser, openWatched } from '../support/chromium.ts';
import { serverFor } from './server-under-test.ts';

describe('the page about the API', { skip: lacksChromium }, () => {
  let app: FastifyInstance;
  let browser: Browser;
  let url: string;

  before(async () => {
    [app, browser] = await Promise.all([serverFor(), openBrowser()]);
    url = await listen(app, { HOST: '127.0.0.1', PORT: 0 });
  });
  after(async () => {
    await browser?.close();
    await app?.close();
  });

  test('shows the routes, and calls one, asking nobody else and breaking no policy', async () => {
    const { page, complaints, hosts } = await openWatched(await browser.context());
    const { status, headers } = await (async () => {
      const answer = await page.goto(`${url}/docs`);
      assert.ok(answer);
      return { status: answer.status(), headers: answer.headers() };
    })();
    assert.equal(status, 200);
    assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe|https?:|\*/);
    await page.waitForSelector('.opblock');
    assert.ok((await page.locator('.opblock').count()) > 40);
    await page.click('#operations-health-getLivez .opblock-summary-control');
    await page.click('#operations-health-getLivez .execute');
    await page.waitForSelector('#operations-health-getLivez .live-responses-table');
    assert.match(await page.innerText('#operations-health-getLivez .live-responses-table'), /"status": "live"/);
    if (process.env['SCREENSHOTS']) await page.screenshot({ path: `${process.env['SCREENSHOTS']}/docs.png` });
    assert.deepEqual(complaints, []);
    assert.deepEqual([...hosts], [new URL(url).host]);
  });
});
