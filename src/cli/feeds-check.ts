import type { Command } from 'commander';
import type { PreviewedFeed } from '../articles/preview.ts';
import { systemClock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { candidateTable } from './discover.ts';
import { asTable, type Terminal } from './terminal.ts';

/** Needs no engine and stores nothing, so that it works whatever else runs. What fetches is loaded for it alone. */
export function addFeedsCheck(feeds: Command, terminal: Terminal): void {
  feeds
    .command('check <url>')
    .description('fetch and read a feed as a poll would, tell each decision, and store nothing')
    .option('--json', 'print the result as JSON')
    .action(async (url: string, options: { json?: true }) => {
      const [{ previewFeed }, { openAddressGuard }, { limitsOf }, { openFeedReader }] = await Promise.all([
        ...([import('../articles/preview.ts'), import('../feeds/address-guard.ts')] as const),
        ...([import('../feeds/interval.ts'), import('../feeds/reader.ts')] as const),
      ]);
      const { FETCH_ALLOW_CIDRS, FETCH_USER_AGENT: userAgent, ...settings } = terminal.settings();
      const reader = openFeedReader({ threads: 1 });
      try {
        const tools = { guard: openAddressGuard(FETCH_ALLOW_CIDRS), userAgent, reader, limits: limitsOf(settings) };
        const checked = await previewFeed(tools, url, systemClock());
        terminal.print(options.json ? JSON.stringify(checked) : asText(checked));
        if (checked.feed === null) {
          const advice = checked.advice === null ? '' : ` ${checked.advice}`;
          throw new CodedError('poll-failed', `${checked.outcome}: ${checked.message}${advice}`);
        }
      } finally {
        await reader.close();
      }
    });
}

function asText({ steps, entries, rejected, candidates }: PreviewedFeed): string {
  const decisions = steps.map(({ step, says, isGood }) => ({ ' ': isGood ? 'ok' : 'FAIL', step, says }));
  const articles = entries.map(({ publishedAt, publishedFrom, title, url }) => ({
    published: publishedAt.toISOString(),
    from: publishedFrom,
    title,
    url,
  }));
  return [
    asTable(decisions),
    ...(candidates.length > 0 ? ['', 'Feeds that it leads to:', candidateTable(candidates)] : []),
    ...(articles.length > 0 ? ['', `${articles.length} articles would be stored:`, asTable(articles)] : []),
    ...(rejected.length > 0 ? ['', `${rejected.length} entries would not:`] : []),
    ...rejected.map(({ index, guid, message }) => `  entry ${index}${guid === null ? '' : ` (${guid})`}: ${message}`),
  ].join('\n');
}
