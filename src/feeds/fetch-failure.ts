import { messageOf } from '../errors.ts';
import type { FailureClass } from './feed.ts';

/** Why a request came to nothing, in words that tell what to do. */
export interface Failure {
  readonly failure: FailureClass;
  readonly message: string;
}

/** By the code that undici, Node or zlib gives the error; where the code is a prefix, it ends in `*`. */
const BY_CODE: readonly (readonly [code: string, failure: FailureClass, message: string])[] = [
  ['ERR_ADDRESS_BLOCKED', 'blocked-address', 'The host is not at a public address; FETCH_ALLOW_CIDRS can allow it.'],
  ['EDNSTIMEOUT', 'dns', 'The name server did not answer in time.'],
  ['ENOTFOUND', 'dns', 'The host name does not exist.'],
  ['EAI_*', 'dns', 'The host name could not be looked up.'],
  ['ENODATA', 'dns', 'The host name has no address.'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout', 'The server could not be connected to in time.'],
  ['ETIMEDOUT', 'timeout', 'The server could not be connected to in time.'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout', 'The server took the request and did not begin to answer in time.'],
  ['UND_ERR_BODY_TIMEOUT', 'timeout', 'The server stopped in the middle of its answer.'],
  ['UND_ERR_HEADERS_OVERFLOW', 'too-large', 'The head of the answer is too large.'],
  ['HPE_*', 'connect', 'The answer is not valid HTTP.'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'connect', 'The body is not as long as the answer says.'],
  ['UND_ERR_SOCKET', 'connect', 'The server closed the connection before its answer was complete.'],
  ['ECONNRESET', 'connect', 'The server cut the connection.'],
  ['EPIPE', 'connect', 'The server cut the connection.'],
  ['ECONNREFUSED', 'connect', 'The server refuses connections.'],
  ['EHOSTUNREACH', 'connect', 'The server cannot be reached from here.'],
  ['ENETUNREACH', 'connect', 'The server cannot be reached from here.'],
  ['EPROTO', 'tls', 'The server does not speak TLS as it should.'],
  ['ERR_SSL_*', 'tls', 'The server does not speak TLS as it should.'],
  ['ERR_TLS_*', 'tls', "The server's certificate is not for this host."],
  ['CERT_HAS_EXPIRED', 'tls', "The server's certificate has expired."],
  ['CERT_*', 'tls', "The server's certificate is not valid."],
  ['UNABLE_TO_*', 'tls', "The server's certificate cannot be verified."],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls', "The server's certificate is self-signed."],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', "The server's certificate cannot be verified."],
  ['ERR_BUFFER_TOO_LARGE', 'too-large', 'The body unpacks to more than is allowed.'],
  ['Z_*', 'parse', 'The compressed body is damaged or cut off.'],
  ['ZSTD_*', 'parse', 'The compressed body is damaged or cut off.'],
  ['ERR__ERROR_FORMAT_*', 'parse', 'The compressed body is damaged or cut off.'],
];

/** The failure that a thrown error stands for. What nobody knows counts as a failed connection. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  const known = BY_CODE.find(([pattern]) =>
    pattern.endsWith('*') ? code.startsWith(pattern.slice(0, -1)) : code === pattern,
  );
  if (known !== undefined) return { failure: known[1], message: known[2] };
  return { failure: 'connect', message: `The request failed: ${messageOf(error) || code}.` };
}

/** The code of an error, of its cause, or of the first of several (as for a host with two addresses). */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return 'cause' in error ? codeOf(error.cause) : '';
}
