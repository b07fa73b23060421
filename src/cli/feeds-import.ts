import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CodedError, messageOf } from '../errors.ts';
import { MAX_OTHERS, readOpml } from '../feeds/opml.ts';
import type { FeedAdmin, ImportCounts, ImportedContents, WithFeedAdmin } from './feed-admin.ts';
import type { Terminal } from './terminal.ts';

/** Feeds written in one go: few enough that progress moves. */
const CHUNK = 500;

export function addFeedsImport(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin): void {
  feeds
    .command('import <file>')
    .description('add the feeds of an OPML file (- for standard input); its folders are the categories')
    .option('--category <name...>', 'a category, or several, that all of them belong to as well', [])
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: { category: string[]; json?: true }) => {
      const { feeds, others, outlinesLeftOut } = readOpml(await readText(file, terminal));
      const found = feeds.map((feed) => ({ ...feed, categories: [...feed.categories, ...options.category] }));
      const contents = { feeds: found, others };
      const counts = await withAdmin(terminal.settings(), (admin) => importAll(admin, contents, terminal));
      if (options.json) return terminal.print(JSON.stringify({ ...counts, outlinesLeftOut }));
      terminal.print(`${counts.added} added, ${counts.existing} there already, ${counts.rejected} left out.`);
      for (const { url, message } of counts.problems) terminal.print(`  ${url}: ${message}`);
      if (outlinesLeftOut > 0)
        terminal.print(`Outlines without a feed: ${MAX_OTHERS} kept, ${outlinesLeftOut} left out.`);
    });
}

async function importAll(admin: FeedAdmin, contents: ImportedContents, terminal: Terminal): Promise<ImportCounts> {
  const { feeds: found, others } = contents;
  let total: ImportCounts = { added: 0, existing: 0, rejected: 0, problems: [] };
  // Once at least: a file may hold nothing but what is no feed.
  for (let start = 0; start === 0 || start < found.length; start += CHUNK) {
    const chunk = { feeds: found.slice(start, start + CHUNK), others: start === 0 ? others : [] };
    const { added, existing, rejected, problems } = await admin.addAll(chunk);
    total = {
      added: total.added + added,
      existing: total.existing + existing,
      rejected: total.rejected + rejected,
      problems: [...total.problems, ...problems],
    };
    terminal.progress(`${Math.min(start + CHUNK, found.length)} of ${found.length} feeds`);
  }
  terminal.progress('');
  return total;
}

async function readText(file: string, terminal: Terminal): Promise<string> {
  if (file === '-') return terminal.readInput();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CodedError('opml-unreadable', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
