import { setTimeout as sleep } from 'node:timers/promises';
import { findEmptyValidators } from '../audit/articles.ts';
import type { Fault } from '../fault.ts';
import { withWorld } from '../with-world.ts';

const RESUMED_SECONDS = 75;

export const pollerKilled: Fault = {
  name: 'poller-killed',
  about: 'kill −9 of pollers at random points',
  async run(trial, checks) {
    const kills = trial.isShort ? 8 : 100;
    await withWorld(trial, checks, { crew: ['api', 'scheduler,counter,ranker', 'poller', 'poller'] }, async (world) => {
      const { crew, sql, origin } = world;
      let empty = 0;
      for (let n = 0; n < kills; n++) {
        await sleep(100 + Math.random() * 900);
        const [victim] = crew.members('poller');
        if (victim !== undefined) await crew.replace(victim, 'kill');
        empty += (await findEmptyValidators(sql, origin)).length;
      }
      checks.note('kills', kills);
      checks.atMost('validators saved alone', empty, 0);
      checks.atMost('resumed after s', await resumedAfter(origin.feeds), RESUMED_SECONDS);
      const { rows } = await sql.query<{ count: number }>(
        "select count(*) as count from feeds where state <> 'active'",
      );
      checks.atMost('feeds put aside', rows[0]?.count ?? 0, 0);
      return undefined;
    });
  },
};

/** Seconds until each feed was asked for again, from now on; infinite where one is not within twice the bar. */
async function resumedAfter(feeds: readonly { readonly asked: readonly number[] }[]): Promise<number> {
  const since = Date.now();
  const isResumed = ({ asked }: { readonly asked: readonly number[] }) => (asked.at(-1) ?? 0) >= since;
  while (!feeds.every(isResumed)) {
    if (Date.now() - since > 2 * RESUMED_SECONDS * 1000) return Number.POSITIVE_INFINITY;
    await sleep(100);
  }
  return (Date.now() - since) / 1000;
}
