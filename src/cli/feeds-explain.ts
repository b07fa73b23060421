import type { Command } from 'commander';
import type { ExplanationBody } from '../api/schemas/feed.ts';
import { feedId } from '../ids.ts';
import type { WithFeedAdmin } from './feed-admin.ts';
import { asTable, type Terminal } from './terminal.ts';

export function addFeedsExplain(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('explain <id|url>')
    .description('tell why a feed is due when it is, how its last polls went, and what to do about its errors')
    .option('--json', 'print the explanation as JSON')
    .action(async (idOrUrl: string, options: { json?: true }) => {
      const explanation = await withAdmin(terminal.settings(), async (admin) =>
        admin.explain(feedId((await admin.find(idOrUrl)).id)),
      );
      terminal.print(options.json ? JSON.stringify(explanation) : asText(explanation));
    });
}

function asText({ feed, reasons, validators, answered, notModifiedRatio, advice, polls }: ExplanationBody): string {
  const lines = [
    `Feed ${feed.id}: ${feed.title || 'no title yet'} (${feed.state}${feed.categories.length > 0 ? `, in ${feed.categories.join(', ')}` : ''})`,
    `  ${feed.url}`,
    '',
    'Why it is due when it is:',
    ...reasons.filter(({ about }) => about !== 'guids').map(({ says }) => `  ${says}`),
    '',
    ...reasons.filter(({ about }) => about === 'guids').map(({ says }) => says),
    `Validators: ${validators.says}`,
    ...(validators.etag === null ? [] : [`  ETag: ${validators.etag}`]),
    ...(validators.lastModified === null ? [] : [`  Last-Modified: ${validators.lastModified}`]),
    ...(advice === null ? [] : ['', `What to do: ${advice}`]),
    '',
    polls.length === 0
      ? 'It has not been polled yet.'
      : `Its last ${polls.length === 1 ? 'poll' : `${polls.length} polls`}${shareOf(notModifiedRatio, answered)}:`,
  ];
  return [...lines, ...(polls.length === 0 ? [] : [asTable(polls.map(asRow))])].join('\n');
}

function shareOf(ratio: number | null, answered: number): string {
  return ratio === null ? '' : ` (304 to ${Math.round(ratio * 100)} % of ${answered} answered)`;
}

function asRow(poll: ExplanationBody['polls'][number]) {
  return {
    when: poll.startedAt,
    outcome: poll.outcome,
    status: poll.status,
    bytes: poll.wireBytes,
    ms: poll.durationMs,
    new: poll.inserted,
    changed: poll.updated,
    unchanged: poll.unchanged,
    error: poll.error,
  };
}
