import type { ServerResponse } from 'node:http';
import { type Conditional, isUnchanged } from './conditional.ts';
import { type Encoding, type Packed, packed } from './packed.ts';
import { PUBLIC_HEADERS } from './security.ts';

/** Of every ready answer, and of what is refused where one was asked for. */
export const READY_HEADERS = {
  ...PUBLIC_HEADERS,
  'access-control-expose-headers': 'ETag, Retry-After',
  vary: 'accept-encoding',
} as const;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Names and values in turn, as Node writes them. */
type Head = readonly string[];

/** An answer with its headers, made once for all who get it. */
export interface ReadyAnswer {
  readonly etag: string;
  readonly unchanged: Head;
  /** The answer in the coding that the caller takes. */
  for(accepted: string | undefined): { readonly head: Head; readonly body: Buffer };
}

/** `write` is asked once, when somebody does not have the answer yet. */
export function readyAnswer(etag: string, cacheControl: string, write: () => string): ReadyAnswer {
  const unchanged = [...Object.entries(READY_HEADERS).flat(), 'etag', etag, 'cache-control', cacheControl];
  let packs: Packed | undefined;
  const made = new Map<Encoding | undefined, ReturnType<ReadyAnswer['for']>>();
  return {
    etag,
    unchanged,
    for(accepted) {
      packs ??= packed(write());
      const pack = packs.for(accepted);
      const known = made.get(pack.encoding);
      if (known !== undefined) return known;
      // As bytes: a text would be turned into them for everyone who asks.
      const body = Buffer.from(pack.body);
      const coding = pack.encoding === undefined ? [] : ['content-encoding', pack.encoding];
      const length = ['content-length', String(body.length)];
      const answer = { head: [...unchanged, 'content-type', JSON_TYPE, ...length, ...coding], body };
      made.set(pack.encoding, answer);
      return answer;
    },
  };
}

/** Sends it on Node's own response: Fastify's reply would look at every header three times and count every body's bytes. */
export function sendReady(request: Conditional, response: ServerResponse, answer: ReadyAnswer): void {
  if (isUnchanged(request, answer.etag)) {
    response.writeHead(304, answer.unchanged as string[]).end();
    return;
  }
  const { head, body } = answer.for(request.headers['accept-encoding']);
  response.writeHead(200, head as string[]).end(body);
}
