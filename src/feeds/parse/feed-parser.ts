import Parser from 'rss-parser';
import type { Draft, FeedDraft } from './draft.ts';
import { dialectOf, draftOfNode, feedDraftOf, inheritedAuthors } from './draft-of-node.ts';
import type { Tree } from './node.ts';
import { DATE, DRAFT, type Element, type ReadItem, rssShape } from './rss-shape.ts';
import { readTree } from './tree.ts';

export interface FeedParserOptions {
  /** Where the document came from. */
  readonly url: string;
  readonly defaultZone: string | null;
}

export interface DraftItem extends Parser.Item {
  readonly draft: Draft;
}

export interface DraftFeed {
  readonly draft: Omit<FeedDraft, 'entries'>;
}

export type FeedOutput = DraftFeed & Parser.Output<DraftItem>;

/** No root element of a feed was found; `first` is what was found instead. */
export class NotAFeedError extends Error {
  readonly first: string | undefined;

  constructor(first: string | undefined) {
    super('The document is no feed.');
    this.first = first;
  }
}

type Build = (document: Element) => Parser.Output<DraftItem>;

/**
 * rss-parser with a tokenizer of its own: `parseString` reads RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, RDF and CDF, also
 * where they are not well-formed, and gives rss-parser's feed and items, each with its draft. `parseURL` is not to be
 * used: it follows any address.
 */
export class FeedParser extends Parser<DraftFeed, DraftItem> {
  declare buildAtomFeed: Build;
  declare buildRSS1: Build;
  declare buildRSS2: Build;
  declare setISODate: (item: Parser.Item) => void;
  readonly source: FeedParserOptions;

  constructor(source: FeedParserOptions) {
    super({
      customFields: {
        item: [
          [DRAFT, 'draft'],
          [DATE, 'pubDate'],
        ] as never,
      },
    });
    this.source = source;
    // The dates that the builders get are in that form already.
    this.setISODate = (item) => {
      if (item.pubDate !== undefined) item.isoDate = item.pubDate;
    };
  }

  override async parseString(xml: string): Promise<FeedOutput> {
    const result = readTree(xml, this.source.url);
    if (result.kind === 'none') throw new NotAFeedError(result.first);
    const draft = feedDraftOf(result.tree);
    const read = readItems(result.tree, draft.authors, this.source.defaultZone);
    return { ...this.build(result.tree.format, rssShape(result.tree, draft, read)), draft };
  }

  private build(format: Tree['format'], document: Element): Parser.Output<DraftItem> {
    if (format === 'atom') return this.buildAtomFeed(document);
    return format === 'rdf' ? this.buildRSS1(document) : this.buildRSS2(document);
  }
}

/** The entries with what they come to. One that cannot be read is left out, the others stay. */
function readItems(tree: Tree, feedAuthors: readonly string[], zone: string | null): ReadItem[] {
  const dialect = dialectOf(tree);
  return tree.items.flatMap((node) => {
    try {
      const draft = draftOfNode(node, dialect, zone);
      if (draft.authors.length > 0 || dialect === 'rss') return [{ node, draft }];
      const inherited = inheritedAuthors(node);
      return [{ node, draft: { ...draft, authors: inherited.length > 0 ? inherited : feedAuthors } }];
    } catch {
      return [];
    }
  });
}
