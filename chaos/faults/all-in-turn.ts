import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const BACK_SECONDS = 30;

/** What dies, each as a crash. Those that follow find what the one before has left. */
const DEATHS = {
  poller: (world) => replaceOne(world, 'poller'),
  API: (world) => replaceOne(world, 'api'),
  counter: (world) => replaceOne(world, 'counter'),
  async Redis({ redisServer }) {
    await redisServer.kill();
    await redisServer.start();
  },
  async PostgreSQL({ postgres }) {
    await postgres.stop('SIGQUIT');
    await postgres.start();
  },
} as const satisfies Record<string, (world: World) => Promise<unknown>>;

export const allInTurn: Fault = {
  name: 'all-in-turn',
  about: 'one of everything killed −9, one after the other: the short form of what is above',
  async run(trial, checks) {
    const rounds = trial.isShort ? 1 : 10;
    const crew = ['api', 'counter', 'scheduler,ranker', 'poller'];
    await withWorld(trial, checks, { crew }, async (world) => {
      for (let round = 0; round < rounds; round++) {
        for (const die of Object.values(DEATHS)) {
          await sleep(300 + Math.random() * 700);
          await die(world);
        }
      }
      const { seconds, last } = await awaitRecovery(world, 2 * BACK_SECONDS);
      checks.note('died', `${rounds} × ${Object.keys(DEATHS).join(', ')}`);
      checks.atMost(`back after s (${last} last)`, seconds, BACK_SECONDS);
      return undefined;
    });
  },
};

async function replaceOne({ crew }: World, role: string): Promise<void> {
  const [victim] = crew.members(role);
  if (victim !== undefined) await crew.replace(victim, 'kill');
}
