import type { Command } from 'commander';
import type { Discover } from './discover.ts';
import type { WithFeedAdmin } from './feed-admin.ts';
import { addFeedsAdd } from './feeds-add.ts';
import { addFeedsCheck } from './feeds-check.ts';
import { addFeedsExplain } from './feeds-explain.ts';
import { addFeedsExport } from './feeds-export.ts';
import { addFeedsImport } from './feeds-import.ts';
import { addFeedsList } from './feeds-list.ts';
import { addFeedsPoll } from './feeds-poll.ts';
import { addFeedsRemove } from './feeds-remove.ts';
import type { Terminal } from './terminal.ts';

/** The verbs of `newsrank feeds`. */
export function addFeeds(program: Command, terminal: Terminal, withAdmin: WithFeedAdmin, discover: Discover): void {
  const feeds = program.command('feeds').description('add, look into, import and export feeds');
  addFeedsAdd(feeds, terminal, withAdmin, discover);
  addFeedsRemove(feeds, terminal, withAdmin);
  addFeedsList(feeds, terminal, withAdmin);
  addFeedsImport(feeds, terminal, withAdmin);
  addFeedsExport(feeds, terminal, withAdmin);
  addFeedsCheck(feeds, terminal);
  addFeedsPoll(feeds, terminal, withAdmin);
  addFeedsExplain(feeds, terminal, withAdmin);
}
