import type { Member } from '../crew.ts';
import type { Fault } from '../fault.ts';
import { withWorld } from '../with-world.ts';

const EXIT_MS = 25_000;
const READY_MS = 3000;

export const rollingRestart: Fault = {
  name: 'rolling-restart',
  about: 'all processes restarted in turn, round after round',
  async run(trial, checks) {
    const rounds = trial.isShort ? 2 : 10;
    const crew = ['api', 'api', 'counter', 'counter', 'poller', 'poller', 'scheduler,ranker', 'scheduler,ranker'];
    await withWorld(trial, checks, { crew }, async ({ crew: running }) => {
      const [exits, starts]: [number[], number[]] = [[], []];
      let [stalled, wrong] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        for (const member of running.members()) {
          stalled += await stalledJobs(member);
          const { code, ms } = await member.stop();
          exits.push(ms);
          if (code !== 0) wrong++;
          starts.push((await running.add(member.roles)).readyAfter);
        }
      }
      for (const member of running.members()) stalled += await stalledJobs(member);
      checks.note('stops', exits.length);
      checks.atMost('exits other than 0', wrong, 0);
      checks.atMost('failed starts', running.failedStarts(), 0);
      checks.atMost('slowest exit ms', Math.max(...exits), EXIT_MS);
      checks.atMost('slowest start ms', Math.max(...starts), READY_MS);
      checks.atMost('stalled jobs', stalled, 0);
      return undefined;
    });
  },
};

async function stalledJobs({ url }: Member): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = text.matchAll(/^newsrank_jobs_stalled_total{[^}]*} (\d+)/gm);
  return Array.from(counts, ([, count]) => Number(count)).reduce((sum, one) => sum + one, 0);
}
