import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { lacksMount, openSmallDisk } from '../servers/small-disk.ts';
import { withWorld } from '../with-world.ts';

const BACK_SECONDS = 60;
const DISK_MB = 400;

export const diskFull: Fault = {
  name: 'disk-full',
  about: 'the disk of PostgreSQL and Redis full, then room again',
  lacks: lacksMount,
  async run(trial, checks) {
    const dataFolder = join(trial.folder, 'disk');
    const disk = openSmallDisk(dataFolder, DISK_MB);
    try {
      const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
      await withWorld(trial, checks, { crew, dataFolder }, async (world) => {
        await sleep(3000);
        const from = Date.now();
        disk.fill();
        for (let n = 0; n < (trial.isShort ? 10 : 60); n++) {
          await sleep(1000);
          disk.fill();
        }
        const until = Date.now();
        const during = world.readers.attempts.filter(({ at }) => at >= from && at < until);
        const refused = during.filter(({ status }) => status === 503).length / during.length;
        checks.note('answered 503 meanwhile %', refused * 100);
        checks.hold('something was refused', refused > 0);
        checks.atMost('requests without an answer', during.filter(({ status }) => status === 0).length, 0);
        checks.note('PostgreSQL', world.postgres.isRunning() ? 'stayed up' : 'gave up');
        disk.empty();
        // As a supervisor does.
        await world.postgres.start();
        const { seconds, last } = await awaitRecovery(world, 2 * BACK_SECONDS);
        checks.atMost(`back after s (${last} last)`, seconds, BACK_SECONDS);
        return undefined;
      });
    } finally {
      disk.close();
    }
  },
};
