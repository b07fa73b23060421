import type { Enclosure, ParsedFeed, PublisherHints } from '../entry.ts';

/** Text as a feed gave it, with what is needed to make it safe: it has been neither cleaned nor sanitised yet. */
export interface Value {
  readonly text: string;
  readonly isHtml: boolean;
  /** What relative links in the HTML are resolved against. */
  readonly base: string;
}

/** An entry whose dialect has been settled, before it is made safe and cut to size. */
export interface Draft {
  readonly id: string | null;
  readonly link: string | null;
  readonly title: Value | null;
  readonly summary: Value | null;
  readonly content: Value | null;
  readonly authors: readonly string[];
  readonly categories: readonly string[];
  readonly enclosures: readonly Enclosure[];
  readonly image: string | null;
  readonly published: Date | null;
  readonly updated: Date | null;
  readonly language: string | null;
}

export interface FeedDraft {
  /** What stands for the feed itself in a reference: its own URL or its `xml:base`. */
  readonly source: string;
  readonly format: ParsedFeed['format'];
  readonly title: Value | null;
  readonly link: string | null;
  readonly description: Value | null;
  readonly authors: readonly string[];
  readonly language: string | null;
  readonly hubUrl: string | null;
  readonly selfUrl: string | null;
  readonly hints: PublisherHints;
  readonly entries: readonly Draft[];
}
