import type { IncomingMessage } from 'node:http';
import { CodedError, ERRORS } from '../errors.ts';
import { type BodyEar, DirectRequest } from './direct-request.ts';

/** What has come of a body; nearly all come in one chunk, which is decoded where it lies. */
interface Body {
  first: Buffer | undefined;
  rest: Buffer[] | undefined;
  length: number;
}

/**
 * Reads the body as a text and hands it on, or the error `body-too-large`; of a caller that goes away, neither. Node gives
 * up what comes too slowly, and what is no HTTP. To be called as soon as the request has come.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  onText: (text: string) => void,
  onError: (error: CodedError) => void,
): void {
  if (Number(request.headers['content-length']) > limit) {
    onError(tooLarge());
    return;
  }
  const body: Body = { first: undefined, rest: undefined, length: 0 };
  const ear: BodyEar = {
    onChunk: (chunk) => {
      if (body.length > limit) return;
      add(body, chunk);
      if (body.length > limit) onError(tooLarge());
    },
    onEnd: () => {
      if (body.length <= limit) onText(takeText(body));
    },
  };
  if (request instanceof DirectRequest) request.takeBody(ear);
  else request.on('data', ear.onChunk).on('end', ear.onEnd);
}

function add(body: Body, chunk: Buffer): void {
  body.length += chunk.length;
  if (body.first === undefined) body.first = chunk;
  else if (body.rest === undefined) body.rest = [body.first, chunk];
  else body.rest.push(chunk);
}

/** Its bytes must not outlive that: requests wait in their hundreds, and what waits costs the collector of garbage most. */
function takeText(body: Body): string {
  const text = body.rest === undefined ? (body.first?.toString() ?? '') : Buffer.concat(body.rest).toString();
  [body.first, body.rest] = [undefined, undefined];
  return text;
}

const tooLarge = () => new CodedError('body-too-large', `${ERRORS['body-too-large'].title}.`);
