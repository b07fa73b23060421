import type { Command } from 'commander';
import type { WithCopyAdmin } from './copy-admin.ts';
import type { Terminal } from './terminal.ts';

export function addArticlesSplit(articles: Command, terminal: Terminal, withAdmin: WithCopyAdmin): void {
  articles
    .command('split <id>')
    .description('make a copy, or an original of copies, stand for itself with its own reads')
    .option('--json', 'print the result as JSON')
    .action(async (id: string, options: { json?: true }) => {
      const result = await withAdmin(terminal.settings(), (admin) => admin.split(id));
      terminal.print(options.json ? JSON.stringify(result) : `Split ${result.id} from ${result.from.join(', ')}.`);
    });
}
