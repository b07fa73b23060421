import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../audit/checks.ts';
import type { Fault } from '../fault.ts';
import { awaitRecovery } from '../recovery.ts';
import { withWorld } from '../with-world.ts';
import type { World } from '../world.ts';

const EXIT_MS = 25_000;
const BACK_SECONDS = 30;
/** What was under way when the server fell silent still is. */
const SILENT_FOR_MS = 2000;

const HANGS = [['postgres'], ['redis'], ['postgres', 'redis']] as const;
type Hang = (typeof HANGS)[number];

export const hungStop: Fault = {
  name: 'hung-stop',
  about: 'all processes stopped while PostgreSQL, Redis, or both are silent, and started when they answer',
  async run(trial, checks) {
    const hangs = trial.isShort ? HANGS.slice(0, 1) : HANGS;
    const crew = ['api', 'scheduler', 'poller', 'counter', 'ranker', 'api,scheduler,poller,counter,ranker'];
    await withWorld(trial, checks, { crew, isWired: true }, async (world) => {
      for (const hang of hangs) await stopAmid(world, checks, hang);
      return undefined;
    });
  },
};

async function stopAmid(world: World, checks: Checks, hang: Hang): Promise<void> {
  const { wires, crew } = world;
  const name = hang.join(' and ');
  await sleep(3000);
  for (const server of hang) wires?.[server].freeze();
  await sleep(SILENT_FOR_MS);
  const stopped = await Promise.all(
    crew.members().map(async (member) => ({ roles: member.roles, ...(await member.stop()) })),
  );
  for (const server of hang) wires?.[server].heal();
  const slowest = stopped.reduce((slow, one) => (one.ms > slow.ms ? one : slow));
  checks.atMost(`${name}: slowest exit ms (${slowest.roles})`, slowest.ms, EXIT_MS);
  checks.atMost(`${name}: exits other than 0`, stopped.filter(({ code }) => code !== 0).length, 0);
  await Promise.all(stopped.map(({ roles }) => crew.add(roles)));
  const { seconds, last } = await awaitRecovery(world, 3 * BACK_SECONDS);
  checks.atMost(`${name}: back after s (${last} last)`, seconds, BACK_SECONDS);
}
