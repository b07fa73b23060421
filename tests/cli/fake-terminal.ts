import { Command } from 'commander';
import { loadSettings, printSettings } from '../../config/load.ts';
import type { Discover } from '../../src/cli/discover.ts';
import type { WithFeedAdmin } from '../../src/cli/feed-admin.ts';
import { addFeeds } from '../../src/cli/feeds.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal in this process, and all that was shown on it. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly complaints: string[];
  readonly shown: string[];
}

export function fakeTerminal(
  environment: Record<string, string> = {},
  onProgress: (line: string) => void = () => {},
): FakeTerminal {
  const [printed, complaints, shown]: [string[], string[], string[]] = [[], [], []];
  return {
    ...{ printed, complaints, shown },
    print: (line) => void printed.push(line),
    async printAll(lines) {
      for await (const line of lines) printed.push(line);
    },
    complain: (text) => void complaints.push(text),
    progress(line) {
      shown.push(line);
      onProgress(line);
    },
    readInput: async () => '',
    async *inputBytes() {},
    settingsInForce: () => printSettings(environment),
    settings: () => loadSettings(environment),
    stopAsked: () => new Promise(() => {}),
  };
}

/** Asks nobody: every URL is a feed itself. */
const takeAsFeed: Discover = async (_, url) => {
  const found = { url, title: '', format: null, language: null, entries: null, isComments: false };
  const best = { ...found, via: 'itself' as const };
  return { feeds: [best], best, message: null };
};

/** Runs a verb of `feeds` in this process; resolves to what it printed and to its progress. */
export type RunFeeds = (...args: string[]) => Promise<{ text: string; progress: string[] }>;

export function feedsOn(
  withAdmin: WithFeedAdmin,
  environment: Record<string, string> = {},
  onProgress: (line: string) => void = () => {},
  discover: Discover = takeAsFeed,
): RunFeeds {
  return async (...args) => {
    const terminal = fakeTerminal(environment, onProgress);
    const program = new Command('newsrank').exitOverride().configureOutput({ writeErr: () => {} });
    addFeeds(program, terminal, withAdmin, discover);
    await program.parseAsync(['feeds', ...args], { from: 'user' });
    return { text: terminal.printed.join('\n'), progress: terminal.shown };
  };
}
