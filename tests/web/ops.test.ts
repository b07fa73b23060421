import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { MINUTE } from '../../src/clock.ts';
import { countFeedsByState } from '../../src/feeds/count.ts';
import { FAILURE_CLASSES } from '../../src/feeds/feed.ts';
import { addFeeds } from '../../src/feeds/store.ts';
import { openMetrics } from '../../src/metrics.ts';
import { openPulse } from '../../src/pulse.ts';
import { OPS_EN } from '../../src/web/ops/words-en.ts';
import { OPS_JA } from '../../src/web/ops/words-ja.ts';
import { type OpsUnderTest, openOps, PASSWORD } from './ops-under-test.ts';

let ops: OpsUnderTest;
let app: FastifyInstance;

before(async () => {
  ops = await openOps();
  ({ app } = ops);
});
after(() => ops.close());
beforeEach(() => ops.clear());

const basic = (password: string, user = 'editor') => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ url, headers: { authorization: basic(PASSWORD), ...headers } });
const wordIn = (html: string) => /name="word" value="([^"]+)"/.exec(html)?.[1] ?? '';
async function post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const word = wordIn((await get('/ops')).body);
  return app.inject({
    method: 'POST',
    url,
    headers: {
      authorization: basic(PASSWORD),
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
    payload: new URLSearchParams({ word, ...fields }).toString(),
  });
}
const noticeIn = (html: string) => /<div class="notice[\s\S]*?<\/div>/.exec(html)?.[0] ?? '';

describe('who may see it', () => {
  test('nobody without the password, which any user name may have', async () => {
    for (const url of ['/ops', '/ops/parts/feeds', '/ops/pulse.json', '/ops/queues', '/ops/queues/api/queues']) {
      for (const authorization of [undefined, basic('wrong'), `Bearer ${PASSWORD}`, 'Basic %%%']) {
        const response = await app.inject({ url, headers: authorization === undefined ? {} : { authorization } });
        assert.equal(response.statusCode, 401, `${url} ${authorization}`);
        assert.match(String(response.headers['www-authenticate']), /^Basic realm=/);
        assert.doesNotMatch(response.body, /tiles|queue/);
      }
      assert.equal((await get(url)).statusCode, 200, url);
    }
  });

  test('who guesses hears 429, and the right password goes on', async () => {
    const from = (authorization: string) =>
      app.inject({ url: '/ops', remoteAddress: '192.0.2.7', headers: { authorization } });
    const codes = [];
    for (let attempt = 0; attempt < 30; attempt++) codes.push((await from(basic(`guess ${attempt}`))).statusCode);
    assert.equal(codes[0], 401);
    // Not the last of them: whoever is slow has another try every three seconds.
    assert.ok(codes.includes(429), codes.join());
    assert.equal((await from(basic(PASSWORD))).statusCode, 200);
    assert.ok(ops.lines.some((line) => line.includes('wrong password')));
    assert.ok(!ops.lines.some((line) => line.includes('guess') || line.includes('192.0.2.7')));
  });

  test('without ADMIN_TOKEN it is off, and says so', async () => {
    const closed = await openOps({ ADMIN_TOKEN: '' });
    try {
      for (const url of ['/ops', '/ops/queues', '/ops/parts/feeds']) {
        const response = await closed.app.inject({ url, headers: { authorization: basic('') } });
        assert.equal(response.statusCode, 403, url);
        assert.match(response.body, /Set ADMIN_TOKEN/);
      }
    } finally {
      await closed.close();
    }
  });

  test('it is kept by nobody, framed by nobody, and runs nothing inline', async () => {
    const { headers, body } = await get('/ops');
    assert.equal(headers['cache-control'], 'no-store');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /script-src 'self';.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.doesNotMatch(body, /<style|\sstyle="|\son[a-z]+="|https?:\/\/(?!example\.com)/);
  });
});

describe('in Japanese', () => {
  test('as the browser or the address asks, its parts, forms and answers too; what servers said stays English', async () => {
    await addFeeds(ops.sql, [ops.feedAt('a')], ops.clock());
    await ops.sql.query(
      `update feeds set failures = 2, last_outcome = 'failed:dns', last_error = 'There is no such host.'`,
    );
    const asked = await get('/ops', { 'accept-language': 'ja' });
    assert.equal(asked.headers['content-language'], 'ja');
    assert.match(asked.body, /<html lang="ja"[\s\S]*<a href="\/ops\?lang=en" hreflang="en" lang="en">English/);
    const { body } = await get('/ops?lang=ja');
    assert.match(body, /連続2回[\s\S]*<span class="feed-error" lang="en">There is no such host\.<\/span>/);
    for (const link of ['data-live="/ops/parts/feeds', 'data-plots="/ops/pulse.json', 'action="/ops/feeds']) {
      const [, query] = new RegExp(`${link}[^"?]*\\?([^"]*)`).exec(body) ?? [];
      assert.match(query ?? '', /lang=ja/, link);
    }
    const named = (words: object): string[] =>
      Object.values(words).flatMap((word) =>
        typeof word === 'string' ? word : typeof word === 'object' ? named(word) : [],
      );
    const same = new Set(named(OPS_JA));
    const left = named(OPS_EN).filter((word) => !same.has(word) && body.includes(`>${word}<`));
    assert.deepEqual(left, [], 'nothing of ours is left in English');
    assert.match((await get('/ops/parts/tiles?lang=ja')).body, /待機中のジョブ/);
    const { plots } = (await get('/ops/pulse.json?lang=ja')).json();
    assert.deepEqual(
      plots[0].lines.map(({ label }: { label: string }) => label),
      ['新着あり', '変更なし', 'その他', '失敗'],
    );
    const added = await post('/ops/feeds?lang=ja', { url: 'https://news.example/feed.xml' });
    assert.match(noticeIn(added.body), /feed\.xmlを追加し/);
    const refused = await post('/ops/feeds?lang=ja', { url: 'https://nothing.example/' });
    assert.match(noticeIn(refused.body), /notice-error" lang="en"/);
  });
});

describe('forms', () => {
  const url = 'https://news.example/feed.xml';

  test('one that another site sends does nothing', async () => {
    const refused = [
      await post('/ops/feeds', { url, word: 'guess' }),
      await post('/ops/feeds', { url }, { 'sec-fetch-site': 'cross-site' }),
      await post('/ops/feeds', { url }, { 'sec-fetch-site': 'same-site' }),
      await app.inject({ method: 'POST', url: '/ops/feeds', headers: { authorization: basic(PASSWORD) } }),
    ];
    for (const response of refused) assert.equal(response.statusCode, 403);
    assert.equal((await ops.sql.query('select from feeds')).rows.length, 0);
    const json = { authorization: basic(PASSWORD), 'content-type': 'application/json' };
    const posted = await app.inject({ method: 'POST', url: '/ops/feeds', headers: json, payload: { url } });
    assert.equal(posted.statusCode, 403);
  });

  test('a feed is added, polled, paused and resumed', async () => {
    const added = await post('/ops/feeds', { url, category: 'Politics' });
    assert.match(noticeIn(added.body), /https:\/\/news\.example\/feed\.xml was added/);
    assert.equal(ops.polled.length, 1);
    const [id] = ops.polled;
    assert.match(noticeIn((await post('/ops/feeds', { url })).body), /is there already/);
    assert.match(noticeIn((await post(`/ops/feeds/${id}/pause`, {})).body), /is paused/);
    assert.match((await get('/ops/parts/feeds?feeds=paused')).body, /Resume<span[^>]*> news\.example/);
    assert.match(noticeIn((await post(`/ops/feeds/${id}/resume`, {})).body), /polled again/);
    await post(`/ops/feeds/${id}/poll`, {});
    assert.deepEqual(ops.polled, [id, id]);
    assert.match(noticeIn((await post('/ops/feeds/999999999/poll', {})).body), /no such feed/);
    assert.deepEqual(ops.polled, [id, id]);
    for (const absent of ['999', '0', 'x', '1e3']) {
      assert.equal((await post(`/ops/feeds/${absent}/pause`, {})).statusCode, 400, absent);
    }
    assert.ok(ops.lines.some((line) => line.includes('"by":"editor"') && line.includes('/ops/feeds/:id/pause')));
  });

  test('what cannot be a feed is said in words, and what it says is text', async () => {
    const none = await post('/ops/feeds', { url: 'https://nothing.example/<script>' });
    assert.equal(none.statusCode, 400);
    assert.match(noticeIn(none.body), /role="alert"/);
    assert.match(noticeIn(none.body), /No feed was found/);
    const checked = await post('/ops/feeds/check', { url });
    assert.match(noticeIn(checked.body), /A feed: “&lt;b&gt;The News”, 1 articles/);
    assert.match(noticeIn(checked.body), /Nothing was stored/);
    assert.equal((await ops.sql.query('select from feeds')).rows.length, 0);
  });

  test('OPML is imported, and what is none is refused', async () => {
    const opml = `<opml version="2.0"><body><outline text="World"><outline type="rss" xmlUrl="${url}"/><outline type="rss" xmlUrl="ftp://x"/></outline></body></opml>`;
    const imported = await post('/ops/feeds/import', { opml });
    assert.match(noticeIn(imported.body), /Feeds: 1 added, 0 there already, 1 left out\./);
    assert.match(noticeIn(imported.body), /ftp:\/\/x: /);
    assert.doesNotMatch(noticeIn(imported.body), /Outlines/);
    const notes = opml.replace('</body>', `${'<outline text="note"/>'.repeat(10_002)}</body>`);
    const many = noticeIn((await post('/ops/feeds/import', { opml: notes })).body);
    assert.match(many, /0 added, 1 there already[\s\S]*Outlines without a feed that were left out: 2\./);
    const refused = await post('/ops/feeds/import', { opml: 'not at all' });
    assert.equal(refused.statusCode, 400);
  });

  test('an editor pins an article by its address, leaves words out, and ends both; the log keeps who and why', async () => {
    const [article] = await ops.newArticles(1);
    const pinned = await post('/ops/curations', {
      ...{ action: 'pin', value: `http://news.example/article/${article}?lang=ja#box`, place: '2', minutes: '60' },
      reason: 'Election <night>',
    });
    assert.match(noticeIn(pinned.body), new RegExp(`Pinned: ${article}`));
    await post('/ops/curations', { action: 'exclude', target: 'word', value: 'sumo', minutes: '' });
    const inForce = (await get('/ops/parts/curations')).body;
    assert.match(inForce, /Pinned at place 2 <a href="\/article\/[0-9a-z]{12}">Headline 0<\/a>/);
    assert.match(inForce, /Election &lt;night&gt;/);
    assert.match(inForce, /Left out: word <q>sumo<\/q>/);
    for (const [, id] of inForce.matchAll(/\/ops\/curations\/(\d+)\/end/g)) {
      assert.match(noticeIn((await post(`/ops/curations/${id}/end`, {})).body), /was ended/);
      assert.equal((await post(`/ops/curations/${id}/end`, {})).statusCode, 400);
    }
    assert.match((await get('/ops/parts/curations')).body, /Nothing is pinned/);
    assert.match((await get('/ops/parts/curations?curations=log')).body, /ended now by editor/);
    for (const nonsense of [
      { value: 'none' },
      { action: 'exclude', target: 'category', value: 'none' },
      { value: article ?? '', place: 'first' },
      { value: article ?? '', minutes: '1e300' },
      { value: article ?? '', minutes: '1e11' },
    ]) {
      assert.equal(
        (await post('/ops/curations', { action: 'pin', ...nonsense })).statusCode,
        400,
        JSON.stringify(nonsense),
      );
    }
  });
});

describe('what it shows', () => {
  test('feeds that need a look come first, with their error and what to do', async () => {
    await addFeeds(
      ops.sql,
      ['a', 'b', 'c'].map((name) => ({ ...ops.feedAt(name) })),
      ops.clock(),
    );
    await ops.sql.query(
      `update feeds set failures = 7, last_outcome = 'failed:dns', last_error = 'There is no <host>.' where host = 'b.example'`,
    );
    await ops.sql.query(`update feeds set next_poll_at = now() + interval '1 day' where host <> 'b.example'`);
    const { body } = await get('/ops/parts/feeds');
    assert.match(body, /b\.example/);
    assert.doesNotMatch(body, /[ac]\.example/);
    assert.match(body, /7 in a row/);
    assert.match(body, /There is no &lt;host&gt;\./);
    assert.match(body, /whether the host name is still right/);
    const all = (await get('/ops/parts/feeds?feeds=all')).body;
    assert.equal([...all.matchAll(/class="feed-title"/g)].length, 3);
    assert.match((await get('/ops/parts/feeds?feeds=nonsense&cursor=x')).body, /b\.example/);
  });

  test('a feed is called in the table what it is called in the count of all', async () => {
    await addFeeds(ops.sql, ['a', 'b', 'c', 'd'].map(ops.feedAt), ops.clock());
    await ops.sql.query("update feeds set failures = 1 where host = 'a.example'");
    await ops.sql.query("update feeds set failures = 5 where host = 'b.example'");
    await ops.sql.query("update feeds set failures = 9, state = 'quarantined' where host = 'c.example'");
    const { body } = await get('/ops/parts/feeds?feeds=all');
    const healths = [...body.matchAll(/class="state state-(\w+)">([^<]+)</g)].map(([, health, name]) => [health, name]);
    const { healths: names } = OPS_EN;
    const expected = ['backoff', 'failing', 'quarantined', 'active'] as const;
    assert.deepEqual(healths.sort(), expected.map((health) => [health, names[health]]).sort());
    assert.deepEqual(await countFeedsByState(ops.sql), { backoff: 1, failing: 1, quarantined: 1, active: 1 });
  });

  test('parts that did not change are not sent again', async () => {
    for (const part of ['tiles', 'tables', 'feeds', 'curations']) {
      const first = await get(`/ops/parts/${part}`);
      assert.match(first.body, new RegExp(`data-live="/ops/parts/${part}`));
      if (part === 'tiles' || part === 'tables') continue;
      const again = await get(`/ops/parts/${part}`, { 'if-none-match': String(first.headers.etag) });
      assert.equal(again.statusCode, 304, part);
    }
  });

  test('plots are series of minutes, each line as long as the time', async () => {
    const { times, plots } = (await get('/ops/pulse.json')).json();
    assert.equal(times.length, 90);
    assert.deepEqual(
      plots.map(({ name }: { name: string }) => name),
      ['polls', 'reads', 'jobs', 'lists', 'waiting', 'storage'],
    );
    for (const { lines } of plots) for (const { values } of lines) assert.equal(values.length, 90);
  });

  test('polls that failed are drawn as such, whatever their class, as the processes count them', async () => {
    const metrics = openMetrics('0');
    const past = new Date(ops.clock().getTime() - 5 * MINUTE);
    for (const outcome of ['fresh', 'moved', 'gone', ...FAILURE_CLASSES]) metrics.polls.inc({ outcome });
    await openPulse(ops.redis, metrics, () => past).beat();
    const { plots } = (await get('/ops/pulse.json')).json();
    const sums = plots[0].lines.map(({ label, values }: { label: string; values: readonly number[] }) => [
      ...[label, values.reduce((sum, value) => sum + value, 0)],
    ]);
    assert.deepEqual(Object.fromEntries(sums), { fresh: 1, unchanged: 0, other: 2, failed: FAILURE_CLASSES.length });
  });
});

describe('Bull Board', () => {
  test('shows all queues, and lets nobody change them', async () => {
    const { body, headers } = await get('/ops/queues');
    assert.match(body, /<base href="\/ops\/queues\/">/);
    assert.doesNotMatch(body, /https?:\/\//);
    assert.match(String(headers['content-security-policy']), /script-src 'self';/);
    for (const [, file] of body.matchAll(/(?:src|href)="(static\/[^"]+)"/g)) {
      assert.equal((await get(`/ops/queues/${file}`)).statusCode, 200, file);
    }
    const { queues } = (await get('/ops/queues/api/queues')).json();
    assert.equal(queues.length, ops.queues.length);
    assert.ok(queues.every(({ readOnlyMode }: { readOnlyMode: boolean }) => readOnlyMode));
    for (const [method, url] of [
      ['PUT', '/ops/queues/api/queues/pause'],
      ['PUT', '/ops/queues/api/queues/poll-feed/obliterate'],
      ['POST', '/ops/queues/api/queues/poll-feed/add'],
    ] as const) {
      const response = await app.inject({ method, url, headers: { authorization: basic(PASSWORD) }, payload: {} });
      assert.ok([404, 405].includes(response.statusCode), `${method} ${url}: ${response.statusCode}`);
    }
  });
});
