import { CodedError } from '../errors.ts';
import { type ArticleId, parseArticleId } from '../ids.ts';

/**
 * Where a listing stopped: the last article it showed. Articles that arrive later do not move it. By relevance also how
 * relevant that one was, and the newest article when the listing began: what is newer takes no part.
 */
export type Position =
  | { readonly id: ArticleId }
  | { readonly id: ArticleId; readonly newest: ArticleId; readonly rank: number };

/** The position as an opaque text for URLs. */
export function writeCursor(position: Position): string {
  const text = 'rank' in position ? `${position.id}.${position.newest}.${position.rank}` : position.id;
  return Buffer.from(text).toString('base64url');
}

/** The position by time that `writeCursor` wrote; throws `cursor-invalid` for any other text. */
export function readCursor(text: string): { readonly id: ArticleId } {
  const position = parse(text);
  if (position === undefined || 'rank' in position) throw invalid();
  return position;
}

/** The position by relevance that `writeCursor` wrote; throws `cursor-invalid` for any other text. */
export function readRankedCursor(text: string): {
  readonly id: ArticleId;
  readonly newest: ArticleId;
  readonly rank: number;
} {
  const position = parse(text);
  if (position === undefined || !('rank' in position)) throw invalid();
  return position;
}

function parse(text: string): Position | undefined {
  const [idText = '', newestText, rankText] = Buffer.from(text, 'base64url')
    .toString('latin1')
    .split(/\.(.{12})\.(.*)/s);
  const id = parseArticleId(idText);
  const newest = newestText === undefined ? undefined : parseArticleId(newestText);
  const rank = Number(rankText);
  if (id === undefined || (newestText !== undefined && (newest === undefined || !(rank >= 0)))) return undefined;
  const position = newest === undefined ? { id } : { id, newest, rank };
  return writeCursor(position) === text ? position : undefined;
}

function invalid(): CodedError {
  return new CodedError('cursor-invalid', 'The cursor is not one that this listing gave; begin again without it.');
}
