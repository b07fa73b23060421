import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { buildConnector } from 'undici';
import { openAddressGuard } from '../../src/feeds/address-guard.ts';
import { fetchFeed } from '../../src/feeds/fetch.ts';
import { openHttpClient } from '../../src/feeds/http-client.ts';

// Made for these tests: `openssl req -x509 -newkey ec …`. The key protects nothing.
const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const PLAIN = { etag: null, lastModified: null, requestHeaders: {}, basicAuth: null, userAgent: null };
const guard = openAddressGuard(['127.0.0.1/32']);

/** What a fetch from a server with this certificate comes to, and how many requests the server saw. */
async function fetchFrom(certificate: string, trusted?: string): Promise<[result: string, message: string, number]> {
  let asked = 0;
  const server = createServer({ key: pem('key'), cert: pem(certificate) }, (_, response) => {
    asked++;
    response.end('<rss/>');
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const connector = trusted === undefined ? {} : { connector: buildConnector({ ca: pem(trusted) }) };
  const client = openHttpClient({ guard, userAgent: 'test', ...connector });
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
    const result = await fetchFeed(client, { ...PLAIN, url, basicAuth: 'me:secret' });
    if (result.kind === 'answer') return [`answer ${result.status}`, '', asked];
    return [result.failure, result.message, asked];
  } finally {
    await client.close();
    await new Promise((closed) => server.close(closed));
  }
}

test('a certificate that somebody trusted has vouched for is taken', async () => {
  assert.deepEqual(await fetchFrom('self-signed', 'self-signed'), ['answer 200', '', 1]);
});

test('a self-signed, expired or foreign certificate is refused before anything is sent', async () => {
  for (const [certificate, trusted, says] of [
    ['self-signed', undefined, /self-signed/],
    ['expired', 'expired', /expired/],
    ['other-host', 'other-host', /not for this host/],
  ] as const) {
    const [failure, message, asked] = await fetchFrom(certificate, trusted);
    assert.equal(failure, 'tls', certificate);
    assert.match(message, says);
    assert.equal(asked, 0);
  }
});
