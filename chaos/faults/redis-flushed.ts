import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { VIEWS_A_REQUEST } from '../load/readers.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const BACK_SECONDS = 60;
const ARCHIVE_SECONDS = 3;

export const redisFlushed: Fault = {
  name: 'redis-flushed',
  about: 'FLUSHALL under load',
  async run(trial, checks) {
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    const settings = { ARCHIVE_INTERVAL: `${ARCHIVE_SECONDS}s` };
    await withWorld(trial, checks, { crew, settings }, async (world) => {
      await sleep(trial.isShort ? 6000 : 20_000);
      const watch = watchList(world);
      const flushedAt = Date.now();
      await world.redisServer.call('FLUSHALL');
      const { seconds, last } = await awaitRecovery(world, 2 * BACK_SECONDS);
      await sleep(2000);
      const { empty, failed, asked } = await watch.end();
      checks.atMost(`back after s (${last} last)`, seconds, BACK_SECONDS);
      checks.atMost(`empty or failed of ${asked} lists`, empty + failed, 0);
      const answered = world.readers.attempts.filter(({ status }) => status === 202);
      const inInterval = answered.filter(
        ({ at, ms }) => at + ms <= flushedAt && at + ms > flushedAt - ARCHIVE_SECONDS * 1000,
      );
      const underWay = world.readers.attempts.filter(({ at, ms }) => at <= flushedAt && at + ms >= flushedAt);
      return {
        lostReads: VIEWS_A_REQUEST * inInterval.length,
        doubledReads: VIEWS_A_REQUEST * underWay.length,
      };
    });
  },
};

/** Reads the list again and again, as a page does. */
function watchList({ crew }: World) {
  const seen = { empty: 0, failed: 0, asked: 0 };
  let isOver = false;
  const run = (async () => {
    while (!isOver) {
      seen.asked++;
      const [api] = crew.members('api');
      const answer = await fetch(`${api?.url}/v1/rankings/access?window=24h`).catch(() => undefined);
      const list = answer?.ok ? ((await answer.json()) as { items: unknown[] }) : undefined;
      if (list === undefined) seen.failed++;
      else if (list.items.length === 0) seen.empty++;
      await sleep(100);
    }
  })();
  return {
    async end() {
      isOver = true;
      await run;
      return seen;
    },
  };
}
