import type { Command } from 'commander';
import { feedId } from '../ids.ts';
import type { WithFeedAdmin } from './feed-admin.ts';
import type { Terminal } from './terminal.ts';

export function addFeedsRemove(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('remove <id|url>')
    .description('remove a feed; its articles stay')
    .option('--json', 'print the result as JSON')
    .action(async (idOrUrl: string, options: { json?: true }) => {
      const { id, url } = await withAdmin(terminal.settings(), async (admin) => {
        const feed = await admin.find(idOrUrl);
        await admin.remove(feedId(feed.id));
        return feed;
      });
      terminal.print(options.json ? JSON.stringify({ id, url }) : `Removed feed ${id}, ${url}.`);
    });
}
