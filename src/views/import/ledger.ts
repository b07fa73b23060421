import type { ArticleId } from '../../ids.ts';
import type { Refusal } from './logged-view.ts';
import type { Span } from './spans.ts';

/** What is remembered of imports, and where their counts go: the database, or the API of a newsrank that has it. */
export interface ImportLedger {
  /** What was imported before that may matter to a content which begins with `head`, of `source`. */
  begin(head: number, source: string): Promise<KnownImports>;
  /** The articles that these URLs and ids are of, in the same order; null where there is none. */
  find(names: readonly string[]): Promise<(ArticleId | null)[]>;
  /**
   * Counts the reads and notes how far the import is, both or none. Throws CodedError `import-running` when somebody
   * else imported the same content, or from the same source, since `since`.
   */
  commit(batch: ImportBatch): Promise<Committed>;
}

export interface KnownImports {
  /** Those of contents that began with the same head. */
  readonly sameHead: readonly KnownImport[];
  /** Those of the same source. */
  readonly sameSource: readonly { readonly id: number; readonly spans: readonly Span[] }[];
  /** The number of the newest commit of all. */
  readonly latest: number;
}

/** A content of which the first `position` bytes are counted. */
export interface KnownImport {
  readonly id: number;
  readonly position: number;
  /** SHA-256 of those bytes, in hex. */
  readonly hash: string;
  /** What lies before these bytes is a day older than what comes next: too old to tell who reads again. */
  readonly warm: number;
  readonly spans: readonly Span[];
}

export interface ImportBatch extends Omit<KnownImport, 'id'> {
  /** Undefined for one that is not known yet. */
  readonly id: number | undefined;
  readonly since: number;
  readonly head: number;
  /** '' for one that is told apart from others by its content alone. */
  readonly source: string;
  readonly name: string;
  readonly lines: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  readonly counts: readonly ImportedCount[];
}

export interface ImportedCount {
  /** Of five minutes since 1970. */
  readonly slot: number;
  readonly article: ArticleId;
  readonly reads: number;
  readonly boxReads: number;
}

export interface Committed {
  readonly id: number;
  readonly latest: number;
}
