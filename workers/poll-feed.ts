import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, SECOND } from '../src/clock.ts';
import type { Sql } from '../src/engines/sql.ts';
import { beginPolls, findLastChances, MOST_STRIKES_TOGETHER, putBack } from '../src/feeds/claim.ts';
import type { PollTarget } from '../src/feeds/feed.ts';
import type { SharedBudget } from '../src/feeds/host-budget.ts';
import type { PollTools } from '../src/feeds/poll.ts';
import { openPollSaver } from '../src/feeds/poll-saver.ts';
import { savePolls } from '../src/feeds/save-poll.ts';
import type { FeedId } from '../src/ids.ts';
import type { Jobs } from '../src/queues/jobs.ts';
import { expectOutcomes, type Polled, type PollFeedTools, pollFeedInSlot } from './poll-one.ts';
import { openSlots } from './slots.ts';

interface Tools extends Omit<PollFeedTools, 'saver'> {
  readonly sql: Sql;
  readonly fetching: PollTools & { readonly budget: SharedBudget };
  readonly clock: Clock;
  /** Feeds that are fetched at the same time, of whatever batch. */
  readonly concurrency: number;
  /** Once aborted, polls that run are finished, and none begins. */
  readonly stopping: AbortSignal;
  /** How long this process runs before it polls a feed that one more death would keep away (ms). */
  readonly provenAfter: number;
}

/** For how long a feed that is being polled is nobody else's: its wait for a slot, the fetch (30 s), reading, saving. */
const LEASE_SECONDS = 60;
/** A feed that found no slot by then is given back, while its lease still leaves room for a slow server. */
const BEGIN_WITHIN_MS = 20 * SECOND;
/** How long the ends of polls gather before they are written. */
const GATHER_MS = 50;

/**
 * Polls a batch of claimed feeds and stores what came of it. A batch shares what costs as much for one feed as for many:
 * taking the leases, the hosts' budgets, and writing down those that brought nothing new. Slots are shared by all batches
 * of the process, so that a slow feed holds its own slot and nothing else.
 */
export function pollFeedJob(tools: Tools) {
  const { sql, clock, stopping } = tools;
  expectOutcomes(tools.metrics);
  const slots = openSlots(tools.concurrency);
  const saver = openPollSaver((rows) => savePolls(sql, rows), GATHER_MS);
  const polling = { ...tools, saver };
  const takeBudgets = (targets: readonly PollTarget[]) =>
    tools.fetching.budget.takeAll(
      targets.map(({ host }) => host),
      clock(),
    );

  // Feeds that twice were being polled when a process died are polled one after the other, each begun when its turn has
  // come: so the next death is blamed on one, not on all that were under way. Those whose claim runs out are due again.
  // Nor in a process that has just started: where pollers were killed every two seconds, a hundred times, six of 200
  // feeds were blamed for it.
  const oneAtATime = openSlots(1);
  const provenAt = performance.now() + tools.provenAfter;
  const pollAlone = (feed: FeedId, lease: Date): Promise<Polled | undefined> =>
    oneAtATime.run(async () => {
      await sleep(Math.max(0, provenAt - performance.now()), undefined, { signal: stopping }).catch(() => {});
      if (stopping.aborted) {
        await putBack(sql, [feed], lease, { isBegun: false });
        return undefined;
      }
      const [target] = await beginPolls(sql, [feed], lease, LEASE_SECONDS, clock());
      if (target === undefined) return undefined;
      const [wait = 0] = await takeBudgets([target]);
      const polled = await pollFeedInSlot(polling, target, wait);
      await polled.written;
      return polled;
    });

  return async ({ feeds, claimedUntil }: Jobs['poll-feed']): Promise<object> => {
    const lease = new Date(claimedUntil);
    // Not before there is a slot that no begun batch wants: until then the batch is only claimed, another process may
    // still take it over, and its feeds take no memory that the garbage collector would have to carry from turn to turn.
    const targets = await slots.runLast(async () =>
      stopping.aborted ? undefined : beginPolls(sql, feeds, lease, LEASE_SECONDS, clock(), MOST_STRIKES_TOGETHER),
    );
    if (targets === undefined) {
      await putBack(sql, feeds, lease, { isBegun: false });
      return { putBack: feeds.length };
    }
    const latest = clock().getTime() + BEGIN_WITHIN_MS;
    const mayBegin = () => !stopping.aborted && clock().getTime() <= latest;
    const lastChances = targets.length < feeds.length ? await findLastChances(sql, feeds, lease) : [];
    const waits = await takeBudgets(targets);
    const left: PollTarget[] = [];
    const batch = openBatch();
    await Promise.all([
      slots.runEach(targets, async (target, index) => {
        if (mayBegin()) await batch.note(pollFeedInSlot(polling, target, waits[index] ?? 0));
        else left.push(target);
      }),
      ...lastChances.map((feed) => batch.note(pollAlone(feed, lease))),
    ]);
    const sums = await batch.end();
    await giveBack(sql, left);
    const [failed] = batch.failures;
    if (failed !== undefined) throw failed.reason;
    return { ...sums, notDue: feeds.length - targets.length - lastChances.length, putBack: left.length };
  };
}

/** How many polls came to what, and what they stored. */
function openBatch() {
  const sums: Record<string, number> = { inserted: 0, updated: 0 };
  const failures: { readonly reason: unknown }[] = [];
  const written: Promise<unknown>[] = [];
  const fail = (reason: unknown) => void failures.push({ reason });
  return {
    failures,
    /** Settles when the poll has ended; it never fails. */
    async note(poll: Promise<Polled | undefined>): Promise<void> {
      try {
        const polled = await poll;
        if (polled === undefined) return;
        sums[polled.outcome] = (sums[polled.outcome] ?? 0) + 1;
        sums['inserted'] = (sums['inserted'] ?? 0) + polled.inserted;
        sums['updated'] = (sums['updated'] ?? 0) + polled.updated;
        if (polled.written !== undefined) written.push(polled.written.catch(fail));
      } catch (error) {
        fail(error);
      }
    },
    /** Settles when all that was noted is written, or could not be. */
    async end(): Promise<Readonly<Record<string, number>>> {
      await Promise.all(written);
      return sums;
    },
  };
}

async function giveBack(sql: Sql, left: readonly PollTarget[]): Promise<void> {
  const [first] = left;
  if (first === undefined || first.leasedUntil === null) return;
  const ids: FeedId[] = left.map(({ id }) => id);
  await putBack(sql, ids, first.leasedUntil, { isBegun: true });
}
