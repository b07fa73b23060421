import { RankingSchema, Standing } from './ranking.ts';
import { Flag, NullableText, Text, Texts, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

const Authors = { type: 'array', items: { type: 'object', required: ['name'], properties: { name: Text } } } as const;

const ItemExtension = {
  type: 'object',
  required: ['source'],
  properties: {
    source: { type: 'string', description: 'Title of the feed that first carried it.' },
    ...Standing.properties,
    pinned: Flag,
  },
  description: 'Our extension; of feeds of articles the source alone.',
} as const;

const Item = {
  type: 'object',
  required: ['id', 'url', 'title', 'date_published', 'date_modified', 'authors', 'tags', '_ranking'],
  properties: {
    id: Text,
    url: { type: 'string', description: 'Through us, so that the read is counted.' },
    external_url: { type: 'string', description: 'The article itself.' },
    title: Text,
    content_html: Text,
    content_text: Text,
    summary: Text,
    image: Text,
    date_published: Time,
    date_modified: Time,
    authors: Authors,
    tags: Texts,
    language: Text,
    _ranking: ItemExtension,
  },
} as const;

/** JSON Feed 1.1 (jsonfeed.org/version/1.1). */
export const JsonFeedSchema = {
  type: 'object',
  required: ['version', 'title', 'description', 'home_page_url', 'feed_url', 'authors', 'items'],
  properties: {
    version: { type: 'string', const: 'https://jsonfeed.org/version/1.1' },
    title: Text,
    description: Text,
    home_page_url: Text,
    feed_url: Text,
    next_url: Text,
    hubs: {
      type: 'array',
      items: { type: 'object', required: ['type', 'url'], properties: { type: Text, url: Text } },
    },
    language: Text,
    authors: Authors,
    _ranking: {
      type: 'object',
      required: ['about', 'list', 'scope', 'window', 'version', 'confidence'],
      properties: {
        about: Text,
        list: { enum: ['access', 'popular', 'rising', 'closed'] },
        scope: Text,
        window: NullableText,
        version: Text,
        confidence: RankingSchema.properties.confidence,
      },
      description: 'Our extension, in feeds of lists.',
    },
    items: { type: 'array', items: Item },
  },
} as const;
export type JsonFeedBody = ValueOf<typeof JsonFeedSchema>;
