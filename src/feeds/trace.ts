import { isUtf8 } from 'node:buffer';
import type { Dispatcher } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import type { HttpClient } from './http-client.ts';
import { labelOfHttp, labelOfXml } from './parse/decode.ts';
import type { FeedReader } from './reader.ts';

/** One decision on the way from a URL to entries, in the order in which they fall. */
export interface CheckStep {
  readonly step:
    | 'url'
    | 'look-up'
    | 'request'
    | 'answer'
    | 'body'
    | 'charset'
    | 'move'
    | 'format'
    | 'push'
    | 'discovery'
    | 'hints'
    | 'interval';
  readonly says: string;
  /** False where the poll ends here, or where something is not as it should be. */
  readonly isGood: boolean;
}

export type NoteStep = (step: CheckStep['step'], says: string, isGood?: boolean) => void;

/** The guard, telling which addresses were looked up; of refused ones not even where they are. */
export function watchGuard(guard: AddressGuard, note: NoteStep): AddressGuard {
  const refused = (host: string) => note('look-up', `${host} is not at a public address: refused.`, false);
  return {
    isAllowed(address) {
      const isAllowed = guard.isAllowed(address);
      if (isAllowed) note('look-up', `${address} is an address that may be asked.`);
      else refused(address);
      return isAllowed;
    },
    lookup(hostname, options, callback) {
      guard.lookup(hostname, options, (error, found, family) => {
        const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
        if (error === null) note('look-up', `${hostname} is at ${addresses.join(', ')}, which may be asked.`);
        else if (error.code === 'ERR_ADDRESS_BLOCKED') refused(hostname);
        else note('look-up', `${hostname} could not be looked up (${error.code ?? error.message}).`, false);
        callback(error, found, family);
      });
    },
  };
}

/** The client, telling each request and the head of its answer. */
export function watchClient(client: HttpClient, note: NoteStep): HttpClient {
  const watch: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const url = `${options.origin}${options.path}`;
    return dispatch(options, {
      onRequestStart(controller, context) {
        note('request', `GET ${url}`);
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (controller, status, headers, socket) =>
        handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart(controller, status, headers, message) {
        note('answer', answerOf(status, headers), status < 400);
        handler.onResponseStart?.(controller, status, headers, message);
      },
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
  };
  return { ...client, agent: client.agent.compose(watch) };
}

const SHOWN = ['content-type', 'content-encoding', 'etag', 'last-modified', 'cache-control', 'retry-after', 'location'];

function answerOf(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const shown = SHOWN.map((name) => [name, [headers[name]].flat()[0]]).filter(([, value]) => value !== undefined);
  return [
    `The server answered ${status}`,
    ...shown.map(([name, value]) => `${name}: ${printable(String(value))}`),
  ].join('; ');
}

/** What goes to a terminal must not command it. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 300);
}

/** The reader, telling what it was given. */
export function watchReader(reader: FeedReader, note: NoteStep): FeedReader {
  return {
    async read(bytes, source) {
      note('body', `${bytes.length} bytes, unpacked, from ${source.url}`);
      note('charset', charsetOf(bytes, source.contentType));
      return reader.read(bytes, source);
    },
    close: () => reader.close(),
  };
}

/** A mark goes before the header, the header before the declaration; what the bytes contradict counts for nothing. */
function charsetOf(bytes: Uint8Array, contentType: string | null): string {
  const said = [
    markOf(bytes),
    ...[labelOfHttp(contentType)].map((label) => label && `HTTP says ${label}`),
    ...[labelOfXml(bytes)].map((label) => label && `the XML declaration says ${label}`),
  ].filter((words) => words !== undefined);
  const labels = said.length === 0 ? 'Nothing names the charset' : said.join(', ').replace(/^the/, 'The');
  return `${labels}; the bytes are ${isUtf8(bytes) ? '' : 'not '}valid UTF-8.`;
}

function markOf([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'A byte order mark says utf-8';
  if (a === 0xff && b === 0xfe) return 'A byte order mark says utf-16le';
  return a === 0xfe && b === 0xff ? 'A byte order mark says utf-16be' : undefined;
}
