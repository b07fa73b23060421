import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback that does to its clients whatever a test wants done. */
export interface Origin {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** What was asked, in order. */
  readonly requests: IncomingMessage[];
  /** Sockets that are open right now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Sets what a path answers; the query is not looked at. */
  on(path: string, answer: Answer): void;
  /** Resolves when no client is connected any more. */
  whenIdle(): Promise<void>;
  close(): Promise<void>;
}

/** Opens an origin on a free port. */
export async function openOrigin(): Promise<Origin> {
  const answers = new Map<string, Answer>();
  const requests: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    requests.push(request);
    response.on('error', () => {});
    const answer = answers.get(new URL(request.url ?? '/', 'http://origin').pathname);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    sockets,
    on: (path, answer) => answers.set(path, answer),
    async whenIdle() {
      await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers `body` with these headers, always. */
export function sending(body: string | Uint8Array, headers: Record<string, string> = {}, status = 200): Answer {
  return (_, response) => {
    response.writeHead(status, headers).end(body);
  };
}

export function redirecting(location: string, status = 302): Answer {
  return sending('', { location }, status);
}
