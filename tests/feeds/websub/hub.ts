import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { type Origin, openOrigin } from '../../support/origin.ts';

/** A WebSub hub on loopback that keeps what it is asked for, and does with it what a test wants done. */
export interface Hub {
  readonly url: string;
  readonly origin: Origin;
  /** Forms that came in, in order. */
  readonly asked: URLSearchParams[];
  /** Answers the next requests with this status instead of 202. */
  status: number;
  headers: Record<string, string>;
  close(): Promise<void>;
}

export async function openHub(): Promise<Hub> {
  const origin = await openOrigin();
  const asked: URLSearchParams[] = [];
  const hub: Hub = {
    ...{ url: `${origin.url}/hub`, origin, asked, status: 202, headers: {} },
    close: () => origin.close(),
  };
  origin.on('/hub', (request, response) => {
    void text(request).then((form) => {
      asked.push(new URLSearchParams(form));
      response.writeHead(hub.status, hub.headers).end(hub.status < 300 ? '' : 'No, not now.');
    });
  });
  return hub;
}

/** The path and query with which a hub asks whether a request was meant. */
export function verification(form: URLSearchParams, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    'hub.mode': form.get('hub.mode') ?? '',
    'hub.topic': form.get('hub.topic') ?? '',
    'hub.challenge': 'a challenge <b>&',
    'hub.lease_seconds': '864000',
    ...more,
  });
  return `${new URL(form.get('hub.callback') ?? '').pathname}?${query}`;
}

export function signed(body: string | Uint8Array, secret: string, method = 'sha256'): Record<string, string> {
  return { 'x-hub-signature': `${method}=${createHmac(method, secret).update(body).digest('hex')}` };
}
