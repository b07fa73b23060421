import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';

const BACK_SECONDS = 30;

export const memoryFull: Fault = {
  name: 'memory-full',
  about: 'Redis at its maxmemory, then room again',
  async run(trial, checks) {
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew }, async (world) => {
      await sleep(3000);
      const from = Date.now();
      await world.redisServer.call('CONFIG', 'SET', 'maxmemory', '1mb');
      await sleep(trial.isShort ? 8000 : 60_000);
      const until = Date.now();
      await world.redisServer.call('CONFIG', 'SET', 'maxmemory', '0');
      const { seconds, last } = await awaitRecovery(world, 2 * BACK_SECONDS);
      const during = world.readers.attempts.filter(({ at, ms }) => at >= from && at + ms < until);
      checks.note(
        'answered 503 meanwhile %',
        (during.filter(({ status }) => status === 503).length / during.length) * 100,
      );
      checks.hold(
        'nothing was counted in a full memory',
        during.filter(({ status }) => status === 202).length < during.length / 2,
      );
      checks.atMost('requests without an answer', during.filter(({ status }) => status === 0).length, 0);
      checks.atMost(`back after s (${last} last)`, seconds, BACK_SECONDS);
      return undefined;
    });
  },
};
