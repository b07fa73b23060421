import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { VIEWS_A_REQUEST } from '../load/readers.ts';
import { withWorld } from '../with-world.ts';
import { VIEWS_PER_SECOND } from '../world.ts';

const TIMES = 10;
const ANSWERED_MS = 250;

export const burst: Fault = {
  name: 'burst',
  about: 'ten times as many views for a minute',
  async run(trial, checks) {
    await withWorld(trial, checks, { crew: ['api', 'counter', 'scheduler,ranker', 'poller'] }, async (world) => {
      await sleep(3000);
      const [from, before] = [Date.now(), world.readers.acknowledgedTotal()];
      world.readers.setPace(TIMES * VIEWS_PER_SECOND);
      await sleep(trial.isShort ? 10_000 : 60_000);
      world.readers.setPace(VIEWS_PER_SECOND);
      const seconds = (Date.now() - from) / 1000;
      const during = world.readers.attempts.filter(({ at }) => at >= from);
      const refused = during.filter(({ status }) => status === 429 || status === 503).length;
      const counted = during.filter(({ status }) => status === 202).map(({ ms }) => ms);
      checks.note('views counted a second', (world.readers.acknowledgedTotal() - before) / seconds);
      checks.note('refused', refused);
      checks.hold(
        `${during.length} requests are no burst`,
        during.length * VIEWS_A_REQUEST >= 0.8 * TIMES * VIEWS_PER_SECOND * seconds,
      );
      checks.hold('something was counted', counted.length > 0);
      checks.atMost('answers in ms p99', percentile(counted, 0.99), ANSWERED_MS);
      checks.atMost('requests without an answer', during.filter(({ status }) => status === 0).length, 0);
      return undefined;
    });
  },
};
