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
        await lookAt(world, checks, name);
        await sleep(trial.isShort ? 5000 : 60_000);
      }
      return undefined;
    });
  },
};

async function lookAt(world: World, checks: Checks, name: string): Promise<void> {
  const since = Date.now();
  const { seconds, last } = await awaitRecovery(world, 3 * BACK_SECONDS);
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
  for (const list of lists) {
    const text = await list.text();
    checks.hold('a list holds NaN', !text.includes('NaN'));
    const { asOf } = JSON.parse(text) as { asOf: string };
    checks.hold('a list is of another time', Math.abs(Date.parse(asOf) - Date.now()) < 3 * BACK_SECONDS * 1000);
  }
  const { rows } = await world.sql.query('select 1 from read_counts where slot > now() limit 1');
  checks.hold('reads of a time to come', rows.length === 0);
}
