/** The alert rules in a real Prometheus that scrapes the running product, while what it stands on is taken away. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { openPostgres } from '../src/engines/postgres.ts';
import { newArticleId } from '../src/ids.ts';
import { insertPlain } from './articles/stories/stored.ts';
import { databaseUrl } from './support/engines.ts';
import { emptyFolder } from './support/folders.ts';
import { freePort } from './support/ports.ts';
import { engineSettings, eventually, getJson, type Product, startProduct } from './support/product.ts';

const RULES = new URL('../config/prometheus/alerts.yml', import.meta.url);

const isThere = (command: string) => spawnSync(command, ['--version']).status === 0;
const skip =
  (databaseUrl === undefined || !isThere('prometheus') || !isThere('redis-server')) &&
  'needs servers (DATABASE_URL), and Debian’s prometheus and redis-server';

interface Alerts {
  readonly data: {
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[];
  };
}

async function start(t: TestContext, command: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

const startRedis = (t: TestContext, port: number, folder: string) =>
  start(t, 'redis-server', [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
    ...['--save', '', '--appendonly', 'yes'],
  ]);

/**
 * Scrapes twice a second, and fires at once: how long a rule waits is held by the cases of `promtool test rules`. Those that
 * wait for hours are for what has not been for hours.
 */
async function watch(t: TestContext, product: Product): Promise<() => Promise<string[]>> {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'alerts.yml'), (await readFile(RULES, 'utf8')).replace(/^ +for: \d+m$/gm, ''));
  const targets = [{ targets: [new URL(product.url).host], labels: { role: 'all' } }];
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ['alerts.yml'],
    scrape_configs: [{ job_name: 'newsrank', static_configs: targets }],
  };
  await writeFile(join(folder, 'prometheus.yml'), stringify(config));
  const listen = `127.0.0.1:${await freePort()}`;
  await start(t, 'prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    ...[`--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${listen}`, '--log.level=error'],
  ]);
  const ask = <T>(path: string) => getJson<T>(`http://${listen}/api/v1/${path}`);
  await eventually('the first scrape', async () => {
    const { data } = await ask<{ data: { result: readonly unknown[] } }>('query?query=newsrank_build_info');
    return data.result.length > 0;
  });
  return async () => {
    const { data } = await ask<Alerts>('alerts');
    const firing = data.alerts.filter(({ state }) => state === 'firing');
    return firing.map(({ labels: { alertname, dependency } }) => [alertname, dependency].filter(Boolean).join(' '));
  };
}

async function storeArticle(url: string | undefined): Promise<string> {
  const { sql, close } = await openPostgres(String(url));
  const publishedAt = new Date();
  const id = newArticleId(publishedAt, 1);
  await insertPlain(sql, [{ id, title: 'Ministers meet', summary: '', language: 'en', publishedAt }]);
  await close();
  return id;
}

test('alerts fire when Redis goes, views are refused and the process dies; and are silent before and after', {
  skip,
}, async (t) => {
  const [folder, port] = [await emptyFolder(t), await freePort()];
  const redis = await startRedis(t, port, folder);
  const settings: Record<string, string> = {
    ...(await engineSettings(t)),
    ...{ REDIS_URL: `redis://127.0.0.1:${port}`, FEEDS_FILE: 'bench/no-feeds.opml', LOG_LEVEL: 'info' },
  };
  const product = await startProduct(t, settings);
  const article = await storeArticle(settings['DATABASE_URL']);
  const firing = await watch(t, product);
  const becomes = (what: string, isSo: (names: readonly string[]) => boolean | Promise<boolean>) =>
    eventually(what, async () => isSo(await firing()));
  // Roles are missing until the first scrape.
  await becomes('all is well', (names) => names.length === 0);

  redis.kill('SIGKILL');
  await becomes('Redis is missed', (names) => names.includes('NewsrankDependencyDown redis'));
  const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0' };
  const view = { method: 'POST', headers, body: JSON.stringify({ article }) };
  await becomes('refused views are noticed', async (names) => {
    assert.equal((await fetch(`${product.url}/v1/views`, view)).status, 503);
    return names.includes('NewsrankViewsRefused');
  });
  // Not at once: on a busy machine a scrape or a question may have come too late.
  await becomes('PostgreSQL is not', (names) => !names.includes('NewsrankDependencyDown postgresql'));

  await startRedis(t, port, folder);
  await becomes('Redis is back', (names) => !names.includes('NewsrankDependencyDown redis'));
  await becomes('the process was there all the time', (names) => !names.includes('NewsrankDown'));
  // A dozen connections came back at once: that is one restart, and no reason for NewsrankReconnects.
  const reconnects = async () =>
    /^newsrank_redis_reconnects_total (\d+)$/m.exec(await (await fetch(`${product.url}/metrics`)).text())?.[1];
  await eventually('connections are back', async () => (await reconnects()) === '1');

  await product.kill();
  await becomes('the process is missed', (names) => names.includes('NewsrankDown'));
  await becomes('and so are its roles', (names) => names.filter((name) => name === 'NewsrankRoleMissing').length === 5);
});
