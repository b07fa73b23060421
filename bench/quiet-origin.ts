/** An origin of feeds that never have anything new, in a process of its own. Prints its port when it listens. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const FEED = `<rss version="2.0"><channel><title>Quiet</title><item><title>One</title><guid>1</guid></item></channel></rss>`;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const isKnown = request.headers['if-none-match'] === '"1"';
  if (isKnown) response.writeHead(304, { etag: '"1"' }).end();
  else response.writeHead(200, { etag: '"1"', 'content-type': 'application/rss+xml' }).end(FEED);
});
// All of 127.0.0.0/8 leads here, so that feeds can have as many hosts as wanted.
server.listen(0, '0.0.0.0', () => console.log((server.address() as AddressInfo).port));
