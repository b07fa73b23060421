import { setTimeout as sleep } from 'node:timers/promises';
import { type Checks, percentile } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const BACK_SECONDS = 30;
const ANSWERED_MS = 2000;

export const wiresCut: Fault = {
  name: 'wires-cut',
  about: 'connections half open, then cut, to Redis and to PostgreSQL',
  async run(trial, checks) {
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew, isWired: true }, async (world) => {
      for (const server of ['redis', 'postgres'] as const) {
        for (const how of ['freeze', 'cut'] as const) await disturb(world, checks, server, how, trial.isShort ? 8 : 40);
      }
      return undefined;
    });
  },
};

async function disturb(
  world: World,
  checks: Checks,
  server: 'redis' | 'postgres',
  how: 'freeze' | 'cut',
  seconds: number,
): Promise<void> {
  await sleep(3000);
  const wire = world.wires?.[server];
  const from = Date.now();
  wire?.[how]();
  await sleep(seconds * 1000);
  const until = Date.now();
  wire?.heal();
  const { seconds: back, last } = await awaitRecovery(world, 3 * BACK_SECONDS);
  const during = world.readers.attempts.filter(({ at }) => at >= from && at < until);
  const name = `${server} ${how === 'cut' ? 'cut' : 'half open'}`;
  const refused = during.filter(({ status }) => status === 503).length;
  checks.hold(`${name}: no view was sent`, during.length > 0);
  // Without PostgreSQL only views of articles that nobody read before are.
  checks.hold(`${name}: nothing was refused`, server === 'postgres' || refused > 0);
  checks.atMost(
    `${name}: answers in ms p99`,
    percentile(
      during.map(({ ms }) => ms),
      0.99,
    ),
    ANSWERED_MS,
  );
  checks.atMost(`unanswered`, during.filter(({ status }) => status === 0).length, 0);
  checks.atMost(`back after s (${last} last)`, back, BACK_SECONDS);
}
