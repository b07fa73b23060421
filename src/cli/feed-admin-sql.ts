import type { Settings } from '../../config/settings.ts';
import { explanationBody, feedBody } from '../api/schemas/feed.ts';
import { importFeeds } from '../articles/import-feeds.ts';
import { removeFeed } from '../articles/remove-feed.ts';
import { systemClock } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { explainFeed } from '../feeds/explain.ts';
import type { Feed } from '../feeds/feed.ts';
import { limitsOf } from '../feeds/interval.ts';
import { keepOutlines, readOutlines } from '../feeds/other-outlines.ts';
import * as store from '../feeds/store.ts';
import { readFeedUrl } from '../feeds/url.ts';
import { writeOpml } from '../feeds/write-opml.ts';
import { type FeedId, feedId } from '../ids.ts';
import { allPages } from './all-pages.ts';
import type { FeedAdmin } from './feed-admin.ts';

interface Tools {
  readonly sql: Sql;
  readonly settings: Settings;
  /** Gives what polls in this process; undefined where a running newsrank is to do it. */
  pollHere(): Promise<((settings: Settings, sql: Sql, feed: FeedId) => Promise<void>) | undefined>;
}

const PAGE = 500;
const POLLS_EXPLAINED = 50;

/** The feeds in an open database. */
export function feedAdminOnSql({ sql, settings, pollHere }: Tools): FeedAdmin {
  return {
    async add(feed) {
      const { added, existing, rejected } = await importFeeds(sql, [feed], systemClock());
      const [id = existing[0]] = added;
      if (id !== undefined) return { id, isNew: added.length > 0 };
      throw new CodedError('feed-url-invalid', `${feed.url}: ${rejected[0]?.message}`);
    },
    async addAll({ feeds, others }) {
      const { added, existing, rejected } = await importFeeds(sql, feeds, systemClock());
      await keepOutlines(sql, others);
      return { added: added.length, existing: existing.length, rejected: rejected.length, problems: rejected };
    },
    async *list(filter) {
      const pages = allPages((cursor) => store.listFeeds(sql, { ...filter, limit: PAGE, ...(cursor && { cursor }) }));
      for await (const { items } of pages) yield items.map(feedBody);
    },
    find: async (idOrUrl) => feedBody(await find(sql, idOrUrl)),
    async explain(id) {
      const [target, polls] = await Promise.all([
        store.readPollTarget(sql, id),
        store.listPolls(sql, id, POLLS_EXPLAINED),
      ]);
      if (target === undefined) throw unknownFeed(String(id));
      return explanationBody(target, explainFeed(target, polls, limitsOf(settings), systemClock()));
    },
    async remove(id) {
      if (!(await removeFeed(sql, id))) throw unknownFeed(String(id));
    },
    async poll(id) {
      const poll = await pollHere();
      if (poll !== undefined) {
        await poll(settings, sql, id);
        return 'polled';
      }
      if (await store.makeDue(sql, id, systemClock())) return 'asked';
      throw new CodedError('feed-paused', `Feed ${id} is paused. Make it active first: PATCH /v1/feeds/${id}.`);
    },
    exportOpml: async () => writeOpml(await store.readAllFeeds(sql), settings.SITE_NAME, await readOutlines(sql)),
  };
}

async function find(sql: Sql, idOrUrl: string): Promise<Feed> {
  const found = isFeedId(idOrUrl)
    ? await store.findFeed(sql, feedId(Number(idOrUrl)))
    : await store.findFeedByUrl(sql, readFeedUrl(idOrUrl).url);
  if (found === undefined) throw unknownFeed(idOrUrl);
  return found;
}

export function isFeedId(text: string): boolean {
  return /^[1-9][0-9]{0,14}$/.test(text);
}

export function unknownFeed(idOrUrl: string): CodedError {
  return new CodedError('feed-unknown', `There is no feed ${idOrUrl}. "newsrank feeds list" shows all.`);
}
