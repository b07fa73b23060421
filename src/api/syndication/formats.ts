import { JsonFeedSchema } from '../schemas/json-feed.ts';
import type { Channel } from './channel.ts';
import { jsonFeed } from './json-feed.ts';
import { writeXml } from './xml.ts';

/** A format of feeds: what the URL ends in, its media type, what it looks like, and how it is written. */
export interface FeedFormat {
  readonly name: string;
  readonly suffix: string;
  readonly type: string;
  readonly schema: object;
  write(channel: Channel, siteName: string): string | object;
}

export const FEED_FORMATS: readonly FeedFormat[] = [
  {
    ...{ name: 'RSS 2.0', suffix: '.rss', type: 'application/rss+xml', schema: { type: 'string' } },
    write: (channel, siteName) => writeXml('rss', channel, siteName),
  },
  {
    ...{ name: 'Atom 1.0', suffix: '.atom', type: 'application/atom+xml', schema: { type: 'string' } },
    write: (channel, siteName) => writeXml('atom', channel, siteName),
  },
  {
    ...{ name: 'JSON Feed 1.1', suffix: '.feed.json', type: 'application/feed+json', schema: JsonFeedSchema },
    write: jsonFeed,
  },
];
