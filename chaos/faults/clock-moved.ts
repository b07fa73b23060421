import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import { POLL_SECONDS, type World } from '../world.ts';

const HOUR_MS = 3_600_000;
const BACK_SECONDS = 30;
const SHIM = new URL('../clock-shim.mjs', import.meta.url).href;

export const clockMoved: Fault = {
  name: 'clock-moved',
  about: 'the clock of all processes of newsrank an hour ahead, right again, an hour behind, right again',
  async run(trial, checks) {
    const file = join(trial.folder, 'clock');
    const settings = { NODE_OPTIONS: `--import ${SHIM}`, CLOCK_FILE: file };
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew, settings }, async (world) => {
      for (const [name, offset] of [
        ['ahead', HOUR_MS],
        ['right', 0],
        ['behind', -HOUR_MS],
        ['right again', 0],
      ] as const) {
        writeFileSync(file, String(offset));
        await sleep(1000);
        await lookAt(world, checks, name, offset);
        await sleep(trial.isShort ? 5000 : 60_000);
      }
      return undefined;
    });
  },
};

async function lookAt(world: World, checks: Checks, name: string, offset: number): Promise<void> {
  const since = Date.now();
  const { seconds, last } = await awaitRecovery(world, 3 * BACK_SECONDS, offset);
  checks.atMost(`${name}: back after s (${last} last)`, seconds, BACK_SECONDS);
  const { feeds } = world.origin;
  const late = POLL_SECONDS * 1.1 + BACK_SECONDS;
  while (Date.now() - since < late * 1000) {
    if (feeds.every(({ asked }) => (asked.at(-1) ?? 0) >= since)) break;
    await sleep(200);
  }
  const forgotten = feeds.filter(({ asked }) => (asked.at(-1) ?? 0) < since).length;
  checks.atMost('feeds not polled', forgotten, 0);
  const lists = await Promise.all(world.crew.members('api').map(({ url }) => fetch(`${url}/v1/rankings/popular`)));
  for (const list of lists) checks.hold('a list holds NaN', !(await list.text()).includes('NaN'));
}
