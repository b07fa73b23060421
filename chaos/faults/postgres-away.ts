import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const BACK_SECONDS = 30;
const CREW = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
const SETTLED_MS = 3000;
/** By then every article that is read has been read before: of others nobody knows without PostgreSQL what they are. */
const KNOWN_MS = 20_000;

export const postgresRestarted: Fault = {
  name: 'postgres-restarted',
  about: 'PostgreSQL restarted in order, then crashed',
  async run(trial, checks) {
    await withWorld(trial, checks, { crew: CREW }, async (world) => {
      for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
        await sleep(SETTLED_MS);
        await world.postgres.stop(signal);
        await comeBack(world, checks, signal === 'SIGINT' ? 'restart' : 'crash');
      }
      return undefined;
    });
  },
};

export const postgresAway: Fault = {
  name: 'postgres-away',
  about: 'PostgreSQL down for minutes',
  async run(trial, checks) {
    await withWorld(trial, checks, { crew: CREW }, async (world) => {
      await sleep(KNOWN_MS);
      const downAt = Date.now();
      await world.postgres.stop('SIGINT');
      await sleep(trial.downSeconds * 1000);
      const during = world.readers.attempts.filter(({ at, ms }) => at >= downAt && at + ms < Date.now());
      checks.note('down for s', trial.downSeconds);
      const firsts = during.filter(({ isFirst }) => isFirst);
      const counted = firsts.filter(({ status }) => status === 202).length / firsts.length;
      checks.note('views counted meanwhile %', counted * 100);
      checks.hold('views are counted while PostgreSQL is away', counted > 0.9);
      checks.atMost('requests without an answer', during.filter(({ status }) => status === 0).length, 0);
      await comeBack(world, checks, 'start');
      return undefined;
    });
  },
};

async function comeBack(world: World, checks: Checks, after: string): Promise<void> {
  await world.postgres.start();
  const { seconds, last } = await awaitRecovery(world, 3 * BACK_SECONDS);
  checks.atMost(`back after ${after} s (${last} last)`, seconds, BACK_SECONDS);
}
