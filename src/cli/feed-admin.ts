import type { Settings } from '../../config/settings.ts';
import type { ExplanationBody, FeedBody } from '../api/schemas/feed.ts';
import type { NewFeed } from '../feeds/add-feeds.ts';
import type { OpmlContents } from '../feeds/opml.ts';
import type { FeedFilter } from '../feeds/store.ts';
import type { FeedId } from '../ids.ts';
import { whereDataIs } from './where-data-is.ts';

/** What the feed verbs need done, in the database itself or through the API of a newsrank that has it. */
export interface FeedAdmin {
  add(feed: NewFeed): Promise<{ readonly id: FeedId; readonly isNew: boolean }>;
  addAll(contents: ImportedContents): Promise<ImportCounts>;
  /** A page at a time: a million feeds never lie in memory together. */
  list(filter: FeedFilter): AsyncIterable<readonly FeedBody[]>;
  /** By id or URL. Throws CodedError `feed-unknown`. */
  find(idOrUrl: string): Promise<FeedBody>;
  explain(id: FeedId): Promise<ExplanationBody>;
  remove(id: FeedId): Promise<void>;
  /** `polled`: it has been polled when this returns. `asked`: a running newsrank does it in a moment. */
  poll(id: FeedId): Promise<'polled' | 'asked'>;
  exportOpml(): Promise<string>;
}

/** What of an OPML file is taken in. */
export type ImportedContents = Pick<OpmlContents, 'feeds' | 'others'>;

export interface ImportCounts {
  readonly added: number;
  readonly existing: number;
  readonly rejected: number;
  /** Of the rejected, those that can be shown. */
  readonly problems: readonly { readonly url: string; readonly message: string }[];
}

/** Runs `work` on the feeds of these settings, and closes what that took. */
export type WithFeedAdmin = <T>(settings: Settings, work: (admin: FeedAdmin) => Promise<T>) => Promise<T>;

/**
 * On the database; where a running newsrank has the embedded one to itself, through its API. Both are loaded here
 * and not above: other verbs answer half a second earlier without them.
 */
export const withFeedAdmin: WithFeedAdmin = async (settings, work) => {
  // A server takes any number of processes, and a newsrank runs on it; nobody else has the embedded engine now.
  const pollHere =
    settings.DATABASE_URL === undefined
      ? async () => (await import('../app-poll-once.ts')).pollOnce
      : async () => undefined;
  const { feedAdminOnSql } = await import('./feed-admin-sql.ts');
  return whereDataIs(settings, {
    onDatabase: (sql) => work(feedAdminOnSql({ sql, settings, pollHere })),
    throughApi: async (access) => work((await import('./feed-admin-api.ts')).feedAdminOnApi(access)),
  });
};
