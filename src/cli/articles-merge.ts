import type { Command } from 'commander';
import type { WithCopyAdmin } from './copy-admin.ts';
import type { Terminal } from './terminal.ts';

export function addArticlesMerge(articles: Command, terminal: Terminal, withAdmin: WithCopyAdmin): void {
  articles
    .command('merge <id> <into>')
    .description('make an article, with its copies, a copy of another')
    .option('--json', 'print the result as JSON')
    .action(async (id: string, into: string, options: { json?: true }) => {
      const result = await withAdmin(terminal.settings(), (admin) => admin.merge(id, into));
      if (options.json) return terminal.print(JSON.stringify(result));
      const { copies, original } = result;
      terminal.print(
        copies.length > 0 ? `Merged ${copies.join(', ')} into ${original}.` : `${id} and ${into} are copies already.`,
      );
    });
}
