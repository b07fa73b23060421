/** One item as a feed gave it, made safe to store: clean text, allow-listed HTML, absolute links. */
export interface Entry {
  /** As given, trimmed and cut; null where the feed gives none. */
  readonly guid: string | null;
  /** Absolute http(s) URL of the article, resolved but not canonicalised; null where there is none or it is unsafe. */
  readonly url: string | null;
  /** Plain text, at most 1,000 characters; may be empty. */
  readonly title: string;
  /** Plain text of the summary (or of the content where there is no summary), at most 64 KiB. */
  readonly summary: string;
  /** Allow-listed HTML of the content (or of the summary where there is no content); may be empty. */
  readonly content: string;
  /** Names of the authors, joined by `, `, at most 255 characters. */
  readonly author: string | null;
  /** The entry's own keywords: at most 64 of at most 128 characters. They are not the site's categories. */
  readonly keywords: readonly string[];
  readonly image: string | null;
  readonly enclosures: readonly Enclosure[];
  readonly publishedAt: Date | null;
  readonly updatedAt: Date | null;
  /** BCP 47, where the entry or its feed says. */
  readonly language: string | null;
}

export interface Enclosure {
  readonly url: string;
  readonly type: string | null;
  readonly length: number | null;
}

/** What a publisher asks of pollers. */
export interface PublisherHints {
  /** `ttl` of RSS or `sy:updatePeriod` ÷ `sy:updateFrequency`, in seconds. */
  readonly intervalSeconds: number | null;
  /** Hours (GMT, 0–23) and week days (0 = Sunday) in which not to poll. */
  readonly skipHours: readonly number[];
  readonly skipDays: readonly number[];
}

export interface ParsedFeed {
  readonly format: 'rss' | 'rdf' | 'atom' | 'json';
  readonly title: string;
  readonly siteUrl: string | null;
  readonly language: string | null;
  readonly description: string;
  /** WebSub hub and the topic URL that the feed names for itself. */
  readonly hubUrl: string | null;
  readonly selfUrl: string | null;
  readonly hints: PublisherHints;
  /** In the feed's order; at most 1,000, the newest kept. */
  readonly entries: readonly Entry[];
}
