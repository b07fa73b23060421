import { CodedError } from './errors.ts';

/** One page of a listing that goes by id. */
export interface IdPage<Item> {
  readonly items: Item[];
  /** The cursor of the page after; null on the last. */
  readonly next: string | null;
}

/** The id in a cursor that `idPage` gave, null where there is none yet; throws CodedError `cursor-invalid` for any other text. */
export function idInCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (/^\d{1,15}$/.test(cursor)) return cursor;
  throw new CodedError('cursor-invalid', 'Use the value of "next" from the page before.');
}

/** The page of the rows that were found, of which there is one more than the page takes where another follows. */
export function idPage<Item extends { readonly id: number }>(rows: readonly Item[], limit: number): IdPage<Item> {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null };
}
