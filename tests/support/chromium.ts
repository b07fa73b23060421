import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever a page asks for, nothing leaves this machine.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Why tests of pages are skipped here; false where they are not. */
export const lacksChromium = !existsSync(CHROMIUM) && `there is no ${CHROMIUM}`;

export interface Browser {
  /** A user of its own: no cache, no history. */
  context(options?: Parameters<typeof chromium.launchPersistentContext>[1]): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'newsrank-chromium-'));
  const contexts: BrowserContext[] = [];
  return {
    async context(options = {}) {
      const folder = await mkdtemp(join(profile, 'user-'));
      const context = await chromium.launchPersistentContext(folder, {
        executablePath: CHROMIUM,
        args: ARGUMENTS,
        ...options,
      });
      contexts.push(context);
      return context;
    },
    async close() {
      for (const context of contexts) await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** A page that notes what its console complains of, and to which hosts it turns. */
export async function openWatched(context: BrowserContext) {
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).host);
  });
  return { page, complaints, hosts };
}
