import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';

const BACK_SECONDS = 20;

export const redisKilled: Fault = {
  name: 'redis-killed',
  about: 'Redis (AOF everysec) killed −9 and restarted',
  async run(trial, checks) {
    const kills = trial.isShort ? 1 : 5;
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew }, async (world) => {
      let slowest = { seconds: 0, last: '' };
      for (let n = 0; n < kills; n++) {
        await sleep(2000 + Math.random() * 2000);
        await world.redisServer.kill();
        await sleep(Math.random() * (trial.isShort ? 2000 : 8000));
        await world.redisServer.start();
        const recovery = await awaitRecovery(world, 2 * BACK_SECONDS);
        if (recovery.seconds >= slowest.seconds) slowest = recovery;
      }
      checks.note('kills', kills);
      checks.atMost(`back after s (${slowest.last} last)`, slowest.seconds, BACK_SECONDS);
      return undefined;
    });
  },
};
