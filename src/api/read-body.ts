import type { IncomingMessage } from 'node:http';
import { CodedError, ERRORS } from '../errors.ts';

/**
 * Reads the body as a text and hands it on, or the error `body-too-large`; of a caller that goes away, neither. Node gives
 * up what comes too slowly, and what is no HTTP.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  onText: (text: string) => void,
  onError: (error: CodedError) => void,
): void {
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  let length = 0;

  const refuse = () => onError(new CodedError('body-too-large', `${ERRORS['body-too-large'].title}.`));
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) {
      request.off('data', take).off('end', finish);
      refuse();
    } else if (first === undefined) first = chunk;
    else if (rest === undefined) rest = [first, chunk];
    else rest.push(chunk);
  };
  // Nearly all come in one chunk, which is decoded where it lies. It must not outlive that: requests wait in their
  // hundreds, and what lives as long as they costs the collector of garbage most.
  const finish = () => {
    const text = rest === undefined ? (first?.toString() ?? '') : Buffer.concat(rest).toString();
    [first, rest] = [undefined, undefined];
    onText(text);
  };

  if (Number(request.headers['content-length']) > limit) refuse();
  else request.on('data', take).on('end', finish);
}
