import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface IdleLimits {
  /** Nothing moves on a connection for so long: then it ends. */
  readonly idleMs: number;
  /** How often they are looked at, and so how much later a connection may end. */
  readonly everyMs: number;
}

interface Looked {
  bytes: number;
  /** When it was first seen with so many bytes. */
  since: number;
}

/**
 * Ends connections that rest. Node's own timeouts (`timeout`, `keepAliveTimeout`) do the same, but set a timer anew with
 * each piece that comes or goes: a fortieth of what a view costs. Here each connection is looked at now and then instead.
 * `clock` gives milliseconds that never go back.
 */
export function endIdleConnections(
  server: Server,
  { idleMs, everyMs }: IdleLimits,
  clock: () => number = () => performance.now(),
): void {
  const connections = new Map<Socket, Looked>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, { bytes: 0, since: clock() });
    socket.once('close', () => connections.delete(socket));
  });

  const look = (): void => {
    const now = clock();
    for (const [socket, looked] of connections) {
      const bytes = socket.bytesRead + socket.bytesWritten;
      if (bytes !== looked.bytes) [looked.bytes, looked.since] = [bytes, now];
      else if (now - looked.since >= idleMs) socket.destroy();
    }
  };
  const timer = setInterval(look, everyMs).unref();
  server.once('close', () => clearInterval(timer));
}
