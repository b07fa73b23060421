import { CodedError } from '../errors.ts';
import { type ArticleId, parseArticleId } from '../ids.ts';

/** Where a listing stopped: the last article it showed. Articles that arrive later do not move it. */
export interface Position {
  readonly publishedAt: Date;
  readonly id: ArticleId;
}

/** The years 100 to 9998: outside of them dates are written in a form that PostgreSQL does not read. */
const MIN_TIME = Date.UTC(100, 0, 1);
const MAX_TIME = Date.UTC(9999, 0, 1);

/** The position as an opaque text for URLs. */
export function writeCursor({ publishedAt, id }: Position): string {
  return Buffer.from(`${publishedAt.getTime()}.${id}`).toString('base64url');
}

/** The position that `writeCursor` wrote; throws `cursor-invalid` for any other text. */
export function readCursor(text: string): Position {
  const [, time, tail] = /^(-?\d{1,15})\.(.{12})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  const publishedAt = new Date(Number(time));
  const id = parseArticleId(tail ?? '');
  const isOurs = id !== undefined && publishedAt.getTime() <= MAX_TIME && publishedAt.getTime() >= MIN_TIME;
  if (!isOurs || writeCursor({ publishedAt, id }) !== text) {
    throw new CodedError('cursor-invalid', 'The cursor is not one that this listing gave; begin again without it.');
  }
  return { publishedAt, id };
}
