import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { withWorld } from '../with-world.ts';

export const countingKilled: Fault = {
  name: 'counting-killed',
  about: 'kill −9 of API and counter, in turns',
  async run(trial, checks) {
    const kills = trial.isShort ? 8 : 100;
    const crew = ['api', 'api', 'counter', 'counter', 'scheduler,poller,ranker'];
    await withWorld(trial, checks, { crew }, async (world) => {
      for (let n = 0; n < kills; n++) {
        await sleep(100 + Math.random() * 700);
        const [victim] = world.crew.members(n % 2 === 0 ? 'api' : 'counter');
        if (victim !== undefined) await world.crew.replace(victim, 'kill');
      }
      checks.note('kills', kills);
      checks.note('requests sent again', world.readers.attempts.filter(({ status }) => status !== 202).length);
      return undefined;
    });
  },
};
