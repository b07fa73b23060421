import { type CheckedFeed, type CheckTools, checkFeed } from '../feeds/check.ts';
import type { Entry } from '../feeds/entry.ts';
import { readFeedUrl } from '../feeds/url.ts';
import { feedId } from '../ids.ts';
import { type Draft, draftArticle } from './draft.ts';
import { identify } from './identify.ts';

/** An entry as the article that would be stored. */
export type PreviewedArticle = Pick<
  Draft,
  'guid' | 'title' | 'url' | 'summary' | 'author' | 'image' | 'language' | 'publishedAt' | 'publishedFrom' | 'updatedAt'
>;

/** What polling a URL would bring, its entries as articles would be stored. */
export interface PreviewedFeed extends Omit<CheckedFeed, 'entries'> {
  readonly entries: readonly PreviewedArticle[];
  /** Entries that would not be stored. `index` counts from 0, as the feed has them. */
  readonly rejected: readonly { readonly index: number; readonly guid: string | null; readonly message: string }[];
}

/** Any feed: it stands only in keys, which a preview does not show. */
const NO_FEED = feedId(1);

/** Checks `url` and goes as far as storing would, without it. Throws CodedError `feed-url-invalid`. */
export async function previewFeed(tools: CheckTools, url: string, now: Date): Promise<PreviewedFeed> {
  const checked = await checkFeed(tools, url, now);
  return { ...checked, ...previewEntries(checked.entries, readFeedUrl(url).host, now) };
}

/** The entries sorted into those that would be stored and those that would not, with the reason. */
export function previewEntries(
  found: readonly Entry[],
  host: string,
  now: Date,
): Pick<PreviewedFeed, 'entries' | 'rejected'> {
  const rejected: PreviewedFeed['rejected'][number][] = [];
  const drafts: Draft[] = [];
  const places = new Map<Draft, number>();
  found.forEach((entry, index) => {
    const draft = draftArticle(entry, { id: NO_FEED, host }, now);
    if (draft === undefined) {
      rejected.push({ index, guid: entry.guid, message: 'It has no title, no text and no link: nothing to list.' });
    } else {
      places.set(draft, index);
      drafts.push(draft);
    }
  });
  const stored = new Set(identify(drafts).map(({ draft }) => draft));
  for (const draft of drafts.filter((draft) => !stored.has(draft))) {
    const message = 'It is the same article as another entry of this document, which has newer words.';
    rejected.push({ index: places.get(draft) ?? -1, guid: draft.guid, message });
  }
  return { entries: [...stored].map(articleOf), rejected: rejected.sort((a, b) => a.index - b.index) };
}

function articleOf(draft: Draft): PreviewedArticle {
  const { guid, title, url, summary, author, image, language, publishedAt, publishedFrom, updatedAt } = draft;
  return { guid, title, url, summary, author, image, language, publishedAt, publishedFrom, updatedAt };
}
