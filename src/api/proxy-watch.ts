import type { IncomingMessage } from 'node:http';
import type { Log } from '../log.ts';
import { isPublic } from './address.ts';

/**
 * Says once that views come through a proxy which TRUST_PROXY does not know of. All its readers would seem to be one
 * address, of which an article takes few reads and newsrank 600 views a minute, and nothing else tells why lists are thin.
 * A reader can write the header himself, but only a proxy comes from an address of the own network.
 */
export function openProxyWatch(log: Log, hops: number): (request: Pick<IncomingMessage, 'headers' | 'socket'>) => void {
  let isOver = hops > 0;
  return ({ headers, socket }) => {
    if (isOver || headers['x-forwarded-for'] === undefined || isPublic(socket.remoteAddress ?? '')) return;
    isOver = true;
    log.warn(
      'Views come through a proxy, whose readers all count as one: set TRUST_PROXY to the number of proxies (docs/reads.md)',
    );
  };
}
