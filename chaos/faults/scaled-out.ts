import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../audit/checks.ts';
import type { Member } from '../crew.ts';
import type { Fault } from '../fault.ts';
import { mustBecome } from '../servers/process.ts';
import { openWire, type Wire } from '../servers/wire.ts';
import { withWorld } from '../with-world.ts';
import { POLL_SECONDS, type World } from '../world.ts';

/** So few that a poller is busy waiting for publishers, and not for a processor of this machine. */
const SLOTS = '4';
const FEEDS = 900;
/** Of what as many pollers would do if each did as much as the first. */
const LEAST_GROWTH = 0.75;
/** Of the mean of all processes of a role. */
const LEAST_SHARE = 0.5;
const LEASE_SECONDS = 75;

export const scaledOut: Fault = {
  name: 'scaled-out',
  about: 'several processes of each role: work spreads, one is added, killed, cut off, and comes back',
  async run(trial, checks) {
    const seconds = trial.isShort ? 8 : 30;
    const crew = ['poller', 'api', 'api', 'counter', 'counter', 'scheduler', 'scheduler', 'ranker', 'ranker'];
    const options = { crew, settings: { POLL_CONCURRENCY: SLOTS }, origin: { feeds: FEEDS, entries: 1 } };
    const wires: Wire[] = [];
    await withWorld(trial, checks, options, async (world) => {
      const one = await pollsPerSecond(world, seconds);
      await world.crew.add('poller');
      const two = await pollsPerSecond(world, seconds);
      const distant = await addDistantPoller(world, wires);
      const three = await pollsPerSecond(world, seconds);
      checks.note('polls a second with 1, 2, 3 pollers', [one, two, three].map((rate) => rate.toFixed(1)).join(', '));
      checks.hold(`two pollers poll ${two}, one ${one} a second`, two >= 2 * LEAST_GROWTH * one);
      checks.hold(`three pollers poll ${three}, one ${one} a second`, three >= 3 * LEAST_GROWTH * one);
      await lookAtShares(world, checks);

      for (const wire of wires) wire.freeze();
      const alone = await pollsPerSecond(world, seconds);
      checks.hold(`without the one that is cut off, two poll ${alone} a second`, alone >= 2 * LEAST_GROWTH * one);
      for (const wire of wires) wire.heal();
      const before = await counted(distant, 'polls_total');
      await mustBecome(
        'who was cut off works again',
        async () => (await counted(distant, 'polls_total')) > before + 5,
        60,
      );

      const victims = ['poller', 'counter', 'scheduler', 'ranker'].flatMap((role) =>
        world.crew.members(role).slice(0, 1),
      );
      const killedAt = Date.now();
      await Promise.all(victims.map((victim) => victim.kill()));
      const fed = ({ asked }: { readonly asked: readonly number[] }) => (asked.at(-1) ?? 0) >= killedAt;
      const patience = LEASE_SECONDS + POLL_SECONDS + FEEDS / (2 * one);
      await mustBecome('every feed is polled after the kills', async () => world.origin.feeds.every(fed), patience);
      checks.note('one of each role killed: every feed polled after s', (Date.now() - killedAt) / 1000);
      return undefined;
    }).finally(() => Promise.all(wires.map((wire) => wire.close())));
  },
};

async function pollsPerSecond({ origin }: World, seconds: number): Promise<number> {
  await sleep(3000);
  const since = Date.now();
  await sleep(seconds * 1000);
  return origin.askedSince(since) / ((Date.now() - since) / 1000);
}

/** A poller with ways of its own to the servers, which are added to `wires`. */
async function addDistantPoller({ postgres, redisServer, crew }: World, wires: Wire[]): Promise<Member> {
  const [toPostgres, toRedis] = [await openWire(postgres.port), await openWire(redisServer.port)];
  wires.push(toPostgres, toRedis);
  return crew.add('poller', {
    DATABASE_URL: postgres.url(toPostgres.port),
    REDIS_URL: redisServer.url(toRedis.port),
  });
}

/** Each process of a role does its part of what all do since the last was added. */
async function lookAtShares({ crew }: World, checks: Checks): Promise<void> {
  const work = { poller: 'polls_total', api: 'views_total' } as const;
  for (const [role, metric] of Object.entries(work)) {
    const members = crew.members(role);
    const before = await Promise.all(members.map((member) => counted(member, metric)));
    await sleep(5000);
    const after = await Promise.all(members.map((member) => counted(member, metric)));
    const done = after.map((count, n) => count - (before[n] ?? 0));
    const mean = done.reduce((sum, one) => sum + one, 0) / done.length;
    checks.note(`shares of ${role}s`, done.join(' '));
    checks.hold(`a ${role} does ${Math.min(...done)} of ${mean}`, Math.min(...done) >= LEAST_SHARE * mean);
  }
}

/** The sum of a counter over its labels. */
async function counted({ url }: Member, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = text.matchAll(new RegExp(`^newsrank_${name}(?:{[^}]*})? (\\S+)`, 'gm'));
  return Array.from(values, ([, value]) => Number(value)).reduce((sum, one) => sum + one, 0);
}
