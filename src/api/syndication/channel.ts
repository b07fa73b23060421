import type { ListItem, Snapshot } from '../../ranking/list.ts';

/** A list or a query of articles as feeds say it, whatever their format. All URLs are absolute. */
export interface Channel {
  readonly title: string;
  readonly description: string;
  /** The page for people that shows the same. */
  readonly home: string;
  readonly self: string;
  /** The next page (RFC 5005); null at the end. */
  readonly next: string | null;
  /** The WebSub hub that tells of changes. */
  readonly hub: string | null;
  readonly updatedAt: Date;
  /** Of all items, where it is the same. */
  readonly language: string | null;
  readonly list: ChannelList | null;
  readonly items: readonly ChannelItem[];
}

/** What our own namespace says of a list. Its times move with every look, so that they are not in it. */
export interface ChannelList extends Pick<Snapshot, 'scope' | 'version' | 'confidence'> {
  readonly list: Snapshot['list'] | 'closed';
  readonly window: string | null;
}

export interface ChannelItem {
  /** The same for life, whatever the article's URL or ours becomes. */
  readonly guid: string;
  readonly title: string;
  /** Through us, so that the read is counted. */
  readonly url: string;
  /** The article itself; null where no feed gave a link. */
  readonly external: string | null;
  readonly source: string;
  readonly author: string;
  /** Plain text. */
  readonly summary: string;
  /** Allow-listed HTML, where it was asked for. */
  readonly content: string | null;
  readonly image: string | null;
  readonly language: string | null;
  readonly publishedAt: Date;
  readonly updatedAt: Date;
  readonly categories: readonly { readonly slug: string; readonly name: string }[];
  readonly ranking: ItemRanking | null;
}

/** Where an item stands in its list. */
export type ItemRanking = Pick<
  ListItem,
  'rank' | 'previousRank' | 'movement' | 'peakRank' | 'since' | 'reads' | 'fill' | 'pinned'
>;
