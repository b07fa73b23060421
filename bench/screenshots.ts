/**
 * Takes the pictures of docs/images: starts the demo in a folder of its own, lets it run until its lists have moved, and
 * looks at its pages in Debian's Chromium. Look at them before you commit them.
 *
 *     npm run screenshots [-- --minutes 3]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lacksChromium, openBrowser } from '../tests/support/chromium.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '3' } } });
if (lacksChromium !== false) throw new Error(lacksChromium);

const PORT = '18080';
const TOKEN = 'a token for pictures, no secret'.replaceAll(/\W+/g, '-').padEnd(32, '-');
const ORIGIN = `http://127.0.0.1:${PORT}`;
const ADMIN = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
}

const folder = await mkdtemp(join(tmpdir(), 'newsrank-screenshots-'));
const { PATH = '', HOME = '' } = process.env;
const demo = spawn(process.execPath, ['bin/newsrank.js', 'demo', '--views', '30'], {
  cwd: new URL('..', import.meta.url),
  env: { PATH, HOME, PORT, DATA_DIR: folder, ADMIN_TOKEN: TOKEN },
  stdio: ['ignore', 'inherit', 'inherit'],
});

try {
  await waitFor(async () => (await items('/v1/rankings/access?limit=50')).length >= 40);
  // One that fails, so that the ops page has something to say, and one decision of an editor.
  await post('/v1/feeds', {
    url: 'http://127.0.0.1:18081/gone/feed.xml',
    title: 'A feed that is gone',
    categories: ['World'],
  });
  await sleep(Number(values.minutes) * 60_000);
  const [first] = (await items('/v1/articles?category=politics&limit=40')).filter(({ title }) =>
    title.includes('UPDATE'),
  );
  const [read] = await items('/v1/rankings/popular?category=politics&limit=1');
  const article = first?.id ?? read?.article?.id ?? '';
  await post('/v1/curations', {
    action: 'pin',
    target: 'article',
    value: article,
    place: 3,
    by: 'editor',
    reason: 'The vote is today',
  });
  await take([
    { name: 'front', path: '/?lang=en', width: 1440, height: 1000 },
    { name: 'front-ja-dark', path: '/?lang=ja', width: 1440, height: 1000, scheme: 'dark' },
    { name: 'article', path: `/article/${article}?lang=en`, width: 1440, height: 1100 },
    { name: 'article-phone', path: `/article/${article}?lang=en`, width: 390, height: 844 },
    { name: 'ranking', path: '/ranking?window=24h&lang=en', width: 1440, height: 900 },
    { name: 'ranking-phone-dark', path: '/ranking?window=24h&lang=ja', width: 390, height: 844, scheme: 'dark' },
    { name: 'ops', path: '/ops', width: 1440, height: 1180 },
  ]);
} finally {
  demo.kill('SIGTERM');
  await once(demo, 'exit');
  await rm(folder, { recursive: true, force: true });
}

async function take(shots: readonly Shot[]): Promise<void> {
  const browser = await openBrowser();
  try {
    const context = await browser.context({ httpCredentials: { username: 'editor', password: TOKEN } });
    const page = await context.newPage();
    for (const { name, path, width, height, scheme = 'light' } of shots) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.goto(`${ORIGIN}${path}`, { waitUntil: 'networkidle' });
      await page.screenshot({ path: new URL(`../docs/images/${name}.png`, import.meta.url).pathname });
    }
  } finally {
    await browser.close();
  }
}

interface Item {
  readonly id: string;
  readonly title: string;
  readonly article?: { readonly id: string };
}

async function items(path: string): Promise<readonly Item[]> {
  return ((await (await fetch(`${ORIGIN}${path}`)).json()) as { items: readonly Item[] }).items;
}

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(`${ORIGIN}${path}`, { method: 'POST', headers: ADMIN, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

async function waitFor(isThere: () => Promise<boolean>): Promise<void> {
  while (demo.exitCode === null && !(await isThere().catch(() => false))) await sleep(1000);
  if (demo.exitCode !== null) throw new Error('the demo ended');
}
