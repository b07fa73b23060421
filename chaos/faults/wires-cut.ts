import { setTimeout as sleep } from 'node:timers/promises';
import { type Checks, percentile } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const BACK_SECONDS = 30;
const ANSWERED_MS = 2000;
/** What must be asked of PostgreSQL: 2.5 s until it is known to hang, and the rest for a busy machine. */
const TOLD_MS = 4000;
const UNANSWERED_MS = 30_000;
const ASK_EVERY_MS = 100;
const SERVED: ReadonlySet<number> = new Set([200, 503]);

export const wiresCut: Fault = {
  name: 'wires-cut',
  about: 'connections half open, then cut, to Redis and to PostgreSQL',
  async run(trial, checks) {
    const crew = ['api', 'counter', 'scheduler', 'poller', 'ranker'];
    await withWorld(trial, checks, { crew, isWired: true }, async (world) => {
      for (const server of ['redis', 'postgres'] as const) {
        for (const how of ['freeze', 'cut'] as const) await disturb(world, checks, server, how, trial.isShort ? 8 : 40);
      }
      return undefined;
    });
  },
};

async function disturb(
  world: World,
  checks: Checks,
  server: 'redis' | 'postgres',
  how: 'freeze' | 'cut',
  seconds: number,
): Promise<void> {
  await sleep(3000);
  const wire = world.wires?.[server];
  const asking = new AbortController();
  const asked = askForArticles(() => world.crew.members('api')[0]?.url, asking.signal);
  const from = Date.now();
  wire?.[how]();
  await sleep(seconds * 1000);
  const until = Date.now();
  wire?.heal();
  asking.abort();
  const { seconds: back, last } = await awaitRecovery(world, 3 * BACK_SECONDS);
  const listed = await asked;
  const during = world.readers.attempts.filter(({ at }) => at >= from && at < until);
  const name = `${server} ${how === 'cut' ? 'cut' : 'half open'}`;
  const refused = during.filter(({ status }) => status === 503).length;
  checks.hold(`${name}: no view was sent`, during.length > 0);
  // Without PostgreSQL only views of articles that nobody read before are.
  checks.hold(`${name}: nothing was refused`, server === 'postgres' || refused > 0);
  checks.atMost(
    `${name}: answers in ms p99`,
    percentile(
      during.map(({ ms }) => ms),
      0.99,
    ),
    ANSWERED_MS,
  );
  checks.atMost(`${name}: articles in ms, slowest`, Math.max(...listed.map(({ ms }) => ms)), TOLD_MS);
  checks.atMost(`articles: neither 200 nor 503`, listed.filter(({ status }) => !SERVED.has(status)).length, 0);
  checks.atMost(`unanswered`, during.filter(({ status }) => status === 0).length, 0);
  checks.atMost(`back after s (${last} last)`, back, BACK_SECONDS);
}

/** Asks for articles, one answer after the other, until it is told to stop. */
async function askForArticles(
  url: () => string | undefined,
  stopping: AbortSignal,
): Promise<readonly { readonly status: number; readonly ms: number }[]> {
  const answers: { status: number; ms: number }[] = [];
  while (!stopping.aborted) {
    const startedAt = performance.now();
    let status = 0;
    try {
      const answer = await fetch(`${url()}/v1/articles?limit=1`, { signal: AbortSignal.timeout(UNANSWERED_MS) });
      await answer.arrayBuffer();
      status = answer.status;
    } catch {
      // Told by its status, and by the time that it took.
    }
    answers.push({ status, ms: performance.now() - startedAt });
    await sleep(ASK_EVERY_MS);
  }
  return answers;
}
