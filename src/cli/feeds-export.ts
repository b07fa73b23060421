import type { Command } from 'commander';
import type { WithFeedAdmin } from './feed-admin.ts';
import type { Terminal } from './terminal.ts';

export function addFeedsExport(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('export')
    .description('print all feeds as OPML')
    .option('--json', 'print a JSON object a line instead')
    .action(async ({ json }: { json?: true }) => {
      await withAdmin(terminal.settings(), async (admin) => {
        if (!json) return terminal.print(await admin.exportOpml());
        for await (const page of admin.list({})) for (const feed of page) terminal.print(JSON.stringify(feed));
      });
    });
}
