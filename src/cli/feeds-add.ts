import { type Command, InvalidArgumentError } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { CodedError } from '../errors.ts';
import { readFeedUrl } from '../feeds/url.ts';
import { looksLikeFeed } from '../feeds/well-known.ts';
import { candidateTable, type Discover } from './discover.ts';
import type { WithFeedAdmin } from './feed-admin.ts';
import type { Terminal } from './terminal.ts';

const MAX_DAYS = 36_500;

interface Options {
  readonly category: string[];
  readonly title?: string;
  readonly keepDays?: number;
  readonly asIs?: true;
  readonly json?: true;
}

export function addFeedsAdd(feeds: Command, terminal: Terminal, withAdmin: WithFeedAdmin, discover: Discover): void {
  feeds
    .command('add <url>')
    .description('add a feed, or the feed of a page; it is polled within seconds by a running newsrank')
    .option('--as-is', 'add this very URL, without looking whether it is a page')
    .option('--category <name...>', 'the category, or several, that its articles belong to', [])
    .option('--title <title>', "its title, until the feed's own is known")
    .option('--keep-days <days>', 'keep its articles for so long after it dropped them', readDays)
    .option('--json', 'print the result as JSON')
    .action(async (given: string, options: Options) => {
      const settings = terminal.settings();
      const isFeed = options.asIs === true || looksLikeFeed(given);
      const url = isFeed ? given : await findFeedUrl(terminal, settings, discover, given, options.json);
      const { title = '', category: categories, keepDays } = options;
      const feed = { url, title, categories, ...(keepDays !== undefined && { keepDays }) };
      const { id, isNew } = await withAdmin(settings, (admin) => admin.add(feed));
      if (options.json) return terminal.print(JSON.stringify({ id, isNew, url }));
      const leading = url === given ? '' : `${given} leads to ${url}. `;
      terminal.print(`${leading}${isNew ? `Added feed ${id}.` : `Feed ${id} has this URL already.`}`);
    });
}

function readDays(text: string): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new InvalidArgumentError(`Say a number of days, from 1 to ${MAX_DAYS}.`);
}

/** The feed that the page leads to; where there are several, they are printed for a person to choose from. */
async function findFeedUrl(
  terminal: Terminal,
  settings: Settings,
  discover: Discover,
  given: string,
  isJson: true | undefined,
): Promise<string> {
  const page = readFeedUrl(given).url;
  const { feeds, best, message } = await discover(settings, page);
  if (best !== null) return best.via === 'itself' ? given : best.url;
  if (feeds.length === 0) {
    throw new CodedError('feed-not-found', `${message ?? ''} --as-is adds the URL all the same.`.trim());
  }
  terminal.print(isJson ? JSON.stringify({ feeds }) : candidateTable(feeds));
  throw new CodedError('feed-ambiguous', `${page} leads to ${feeds.length} feeds: add the one that you mean.`);
}
