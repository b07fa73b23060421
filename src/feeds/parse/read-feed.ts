import type { FeedSource, ReadResult } from '../reader.ts';
import { decodeBody } from './decode.ts';
import type { FeedDraft } from './draft.ts';
import { feedOfDraft } from './entry-of-draft.ts';
import { FeedParser, NotAFeedError } from './feed-parser.ts';
import { readJsonFeed } from './json-feed.ts';
import { describeOther } from './not-a-feed.ts';
import { type PageLinks, readPageLinks } from './page-links.ts';

export type DraftResult =
  | { readonly kind: 'draft'; readonly draft: FeedDraft }
  | { readonly kind: 'not-a-feed'; readonly message: string; readonly page?: PageLinks };

/** Reads a body in this thread. The product reads in others (reader.ts); this is for tests and benchmarks too. */
export async function readFeed(bytes: Uint8Array, source: FeedSource): Promise<ReadResult> {
  const result = await readDraft(bytes, source);
  return result.kind === 'draft' ? { kind: 'feed', feed: feedOfDraft(result.draft) } : result;
}

/** Reads a body up to where its dialect is settled and nothing has been sanitised. */
export async function readDraft(bytes: Uint8Array, source: FeedSource): Promise<DraftResult> {
  const text = decodeBody(bytes, source.contentType).trimStart();
  if (text.startsWith('{') || text.startsWith('[')) {
    const draft = readJsonFeed(text, source.url, source.defaultZone);
    return draft === undefined
      ? { kind: 'not-a-feed', message: describeOther(text, undefined) }
      : { kind: 'draft', draft };
  }
  try {
    const output = await new FeedParser(source).parseString(text);
    return { kind: 'draft', draft: { ...output.draft, entries: output.items.map((item) => item.draft) } };
  } catch (error) {
    if (!(error instanceof NotAFeedError)) throw error;
    return { kind: 'not-a-feed', message: describeOther(text, error.first), page: readPageLinks(text, source.url) };
  }
}
