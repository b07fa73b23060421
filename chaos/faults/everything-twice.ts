import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { openTwins } from '../load/twins.ts';
import { withWorld } from '../with-world.ts';
import { POLL_SECONDS } from '../world.ts';

const MOST_POLLS = 1.05;
/** Of an interval, after the poll before: so soon only who polls what another polls already. */
const TOO_SOON = 0.5;

export const everythingTwice: Fault = {
  name: 'everything-twice',
  about: 'five schedulers, and every job run twice at once',
  async run(trial, checks) {
    const schedulers = Array.from({ length: 5 }, () => 'scheduler');
    const crew = ['api', ...schedulers, 'poller', 'poller', 'counter,ranker', 'counter,ranker'];
    await withWorld(trial, checks, { crew }, async (world) => {
      const twins = await openTwins(world.redisServer.url());
      await sleep(2 * POLL_SECONDS * 1000);
      const since = Date.now();
      const spans = trial.isShort ? 3 : 10;
      await sleep(spans * POLL_SECONDS * 1000);
      checks.note('jobs run twice', twins.made());
      // A batch of polls, a tick of each worker: some in each second.
      checks.hold(`only ${twins.made()} jobs were run twice`, twins.made() >= spans * POLL_SECONDS);
      const polls = world.origin.askedSince(since) / world.origin.feeds.length / spans;
      checks.atMost('polls per feed and interval', polls, MOST_POLLS);
      // The interval is longer than it says, by up to a tick: what is polled twice is told by how soon it was.
      checks.atMost('polled again at once %', shareTooSoon(world.origin.feeds, since) * 100, (MOST_POLLS - 1) * 100);
      await twins.close();
      return undefined;
    });
  },
};

function shareTooSoon(feeds: readonly { readonly asked: readonly number[] }[], since: number): number {
  const gaps = feeds.flatMap(({ asked }) => {
    const recent = asked.filter((at) => at >= since);
    return recent.slice(1).map((at, n) => at - (recent[n] ?? 0));
  });
  return gaps.filter((ms) => ms < TOO_SOON * POLL_SECONDS * 1000).length / Math.max(1, gaps.length);
}
