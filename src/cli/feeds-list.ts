import { type Command, Option } from 'commander';
import type { FeedBody } from '../api/schemas/feed.ts';
import type { FeedState } from '../feeds/feed.ts';
import { categorySlug } from '../ids.ts';
import type { WithFeedAdmin } from './feed-admin.ts';
import { asTable, type Terminal } from './terminal.ts';

interface Options {
  readonly state?: FeedState;
  readonly category?: string;
  readonly failing?: true;
  readonly json?: true;
}

const STATES: readonly FeedState[] = ['active', 'paused', 'retired', 'quarantined'];

export function addFeedsList(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('list')
    .description('list feeds with their state')
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .option('--category <name>', 'only those of a category')
    .option('--failing', 'only those whose last poll failed')
    .option('--json', 'print a JSON object a line')
    .action(async ({ state, category, failing, json }: Options) => {
      const show = json
        ? (feeds: readonly FeedBody[]) => feeds.map((feed) => JSON.stringify(feed)).join('\n')
        : (feeds: readonly FeedBody[]) => asTable(feeds.map(asRow));
      const filter = {
        ...(state !== undefined && { state }),
        ...(category !== undefined && { category: categorySlug(category) }),
        ...(failing && { isFailing: true }),
      };
      await withAdmin(terminal.settings(), async (admin) => {
        let listed = 0;
        for await (const page of admin.list(filter)) {
          if (page.length > 0) terminal.print(show(page));
          listed += page.length;
        }
        if (listed === 0 && !json) terminal.print('No such feeds.');
      });
    });
}

function asRow(feed: FeedBody) {
  return {
    id: feed.id,
    state: feed.state,
    last: feed.lastOutcome ?? 'not polled yet',
    failures: feed.failures,
    'next poll': feed.nextPollAt,
    categories: feed.categories.join(','),
    url: feed.url,
    error: feed.lastError,
  };
}
