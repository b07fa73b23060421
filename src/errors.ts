/**
 * Every error that a user can meet, by its stable code: the HTTP status it answers with and what it tells the user to do
 * (docs/errors.md, which a test holds to this table). Expected outcomes of a stage are values, not errors; these are for
 * what stops a command or a request.
 */
export const ERRORS = {
  'settings-invalid': { status: 500, exit: 2, title: 'A setting is wrong' },
  'usage-invalid': { status: 400, exit: 2, title: 'The command was used in a wrong way' },
  'check-failed': { status: 500, exit: 1, title: 'A check failed' },
  'port-taken': { status: 500, exit: 1, title: 'The port is in use' },
  'data-folder-locked': { status: 500, exit: 1, title: 'Another process uses this data folder' },
  'data-folder-unusable': { status: 500, exit: 1, title: 'The data folder cannot be used' },
  'database-unreachable': { status: 503, exit: 1, title: 'PostgreSQL cannot be reached' },
  'redis-unreachable': { status: 503, exit: 1, title: 'Redis cannot be reached' },
  'schema-newer': { status: 500, exit: 1, title: 'The database belongs to a newer version of newsrank' },
  'schema-changed': { status: 500, exit: 1, title: 'An applied migration was changed afterwards' },
  'backup-unreadable': { status: 400, exit: 1, title: 'The backup cannot be read' },
  'backup-unwritable': { status: 500, exit: 1, title: 'The backup cannot be written' },
  'database-used': { status: 409, exit: 1, title: 'The database is not empty' },
  'opml-unreadable': { status: 400, exit: 1, title: 'The OPML file cannot be read' },
  'feed-url-invalid': { status: 400, exit: 2, title: 'The feed URL cannot be used' },
  'feed-not-found': { status: 422, exit: 1, title: 'The page leads to no feed' },
  'feed-ambiguous': { status: 422, exit: 1, title: 'The page leads to several feeds' },
  'feed-exists': { status: 409, exit: 1, title: 'The feed is there already' },
  'feed-unknown': { status: 404, exit: 1, title: 'No such feed' },
  'poll-failed': { status: 502, exit: 1, title: 'The feed could not be polled' },
  'feed-paused': { status: 409, exit: 1, title: 'The feed is paused' },
  'article-unknown': { status: 404, exit: 1, title: 'No such article' },
  'article-alone': { status: 409, exit: 1, title: 'The article is joined with no other' },
  'story-unknown': { status: 404, exit: 1, title: 'No such story' },
  'revocation-unknown': { status: 404, exit: 1, title: 'No such revocation' },
  'curation-unknown': { status: 404, exit: 1, title: 'No such decision' },
  'curation-invalid': { status: 400, exit: 2, title: 'The decision makes no sense' },
  'category-unknown': { status: 404, exit: 1, title: 'No such category' },
  'list-unknown': { status: 404, exit: 1, title: 'No such list' },
  'log-unreadable': { status: 400, exit: 1, title: 'The log cannot be read' },
  'import-running': { status: 409, exit: 1, title: 'Another import is at the same log' },
  'route-unknown': { status: 404, exit: 1, title: 'No such route' },
  'method-not-allowed': { status: 405, exit: 1, title: 'The route has no such method' },
  'request-invalid': { status: 400, exit: 1, title: 'The request is malformed' },
  'request-late': { status: 408, exit: 1, title: 'The request came too slowly' },
  'headers-too-large': { status: 431, exit: 1, title: 'The headers are too large' },
  'cursor-invalid': { status: 400, exit: 1, title: 'The cursor is not one that a listing gave' },
  'body-too-large': { status: 413, exit: 1, title: 'The body is too large' },
  'media-type-unsupported': { status: 415, exit: 1, title: 'The media type is not understood' },
  'rate-limited': { status: 429, exit: 1, title: 'Too many requests' },
  unauthorized: { status: 401, exit: 1, title: 'A valid token is needed' },
  'admin-disabled': { status: 403, exit: 1, title: 'Admin routes are off' },
  overload: { status: 503, exit: 1, title: 'Too busy to count this view now' },
  unavailable: { status: 503, exit: 1, title: 'A server behind this one does not answer' },
  internal: { status: 500, exit: 1, title: 'Something went wrong inside' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a stable code. `message` tells the user what happened and what to do, in one sentence or two. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  /** Seconds after which trying again makes sense, where that is known. */
  readonly retryAfter: number | undefined;
  /** What an HTTP answer says beside the message, for programs (RFC 9457, 3.2). */
  readonly members: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfter?: number; members?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.members = options.members;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
