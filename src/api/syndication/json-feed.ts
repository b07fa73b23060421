import type { JsonFeedBody } from '../schemas/json-feed.ts';
import type { Channel, ChannelItem } from './channel.ts';

const ABOUT = 'urn:newsrank:ranking:1';

/** The channel as JSON Feed 1.1; `_ranking` is our extension. */
export function jsonFeed({ title, description, home, self, ...channel }: Channel, siteName: string): JsonFeedBody {
  return {
    version: 'https://jsonfeed.org/version/1.1',
    ...{ title, description, home_page_url: home, feed_url: self },
    ...(channel.next !== null && { next_url: channel.next }),
    ...(channel.hub !== null && { hubs: [{ type: 'WebSub', url: channel.hub }] }),
    ...(channel.language !== null && { language: channel.language }),
    authors: [{ name: siteName }],
    ...(channel.list !== null && { _ranking: { about: ABOUT, ...channel.list } }),
    items: channel.items.map(itemOf),
  };
}

function itemOf(item: ChannelItem): JsonFeedBody['items'][number] {
  const { guid, title, url, external, summary, content, image, language, ranking, source } = item;
  return {
    ...{ id: guid, url, title },
    ...(external !== null && { external_url: external }),
    ...(content === null ? { content_text: summary || title } : { content_html: content, ...(summary && { summary }) }),
    ...(image !== null && { image }),
    date_published: item.publishedAt.toISOString(),
    date_modified: item.updatedAt.toISOString(),
    authors: [{ name: item.author }],
    tags: item.categories.map(({ name }) => name),
    ...(language !== null && { language }),
    _ranking: { source, ...ranking },
  };
}
