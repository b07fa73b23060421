import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { duration } from '../../config/parse.ts';
import type { ExplanationBody } from '../api/schemas/feed.ts';
import { HOUR, SECOND } from '../clock.ts';
import { CodedError, messageOf } from '../errors.ts';
import { type FeedId, feedId } from '../ids.ts';
import type { FeedAdmin, WithFeedAdmin } from './feed-admin.ts';
import type { Terminal } from './terminal.ts';

const LOOK_AGAIN = SECOND / 4;
const NOT_MADE = 'No poll was made: one that was cut off may still have the feed. Try again in two minutes.';

type Poll = ExplanationBody['polls'][number];

export function addFeedsPoll(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('poll <id|url>')
    .description('poll a feed now, whatever its schedule says, and tell what came of it')
    .option('--wait <duration>', 'how long to wait for a running newsrank to do it', '60s')
    .option('--json', 'print the poll as JSON')
    .action(async (idOrUrl: string, options: { wait: string; json?: true }) => {
      const patience = readDuration(options.wait);
      const { poll, advice } = await withAdmin(terminal.settings(), async (admin) => {
        const id = feedId((await admin.find(idOrUrl)).id);
        return await pollAndSee(admin, id, patience, terminal);
      });
      if (poll === undefined) {
        const message = options.json ? JSON.stringify({ asked: true }) : 'Asked for: a running newsrank polls it next.';
        return terminal.print(message);
      }
      terminal.print(options.json ? JSON.stringify(poll) : asText(poll));
      refuseFailure(poll, advice);
    });
}

/** The poll that followed; undefined where nobody wants to wait for it. */
async function pollAndSee(admin: FeedAdmin, id: FeedId, patience: number, terminal: Terminal) {
  const before = (await admin.explain(id)).polls[0]?.startedAt;
  const how = await admin.poll(id);
  const deadline = Date.now() + patience;
  for (;;) {
    const { polls, advice } = await admin.explain(id);
    const [poll] = polls;
    if (poll !== undefined && poll.startedAt !== before) {
      terminal.progress('');
      return { poll, advice };
    }
    if (how === 'polled') throw new CodedError('poll-failed', NOT_MADE);
    if (patience === 0) return { poll: undefined, advice };
    if (Date.now() >= deadline) {
      const message = `No poll of feed ${id} was seen in time. Does a newsrank run, with the roles scheduler and poller?`;
      throw new CodedError('poll-failed', message);
    }
    terminal.progress('waiting for a running newsrank to poll it');
    await sleep(LOOK_AGAIN);
  }
}

function refuseFailure({ error, outcome }: Poll, advice: string | null): void {
  if (error === null || outcome === 'limited') return;
  throw new CodedError('poll-failed', `${error}${advice === null ? '' : ` ${advice}`}`);
}

function asText({ outcome, status, wireBytes, durationMs, inserted, updated, unchanged }: Poll): string {
  const answer = status === null ? '' : `, status ${status}`;
  return `${outcome}${answer}, ${wireBytes} bytes in ${durationMs} ms: ${inserted} new, ${updated} changed, ${unchanged} as before.`;
}

function readDuration(text: string): number {
  try {
    return duration(0, HOUR)(text);
  } catch (error) {
    throw new CodedError('usage-invalid', `--wait must be ${messageOf(error)}.`);
  }
}
