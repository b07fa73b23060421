import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A wire between the product and a server that can be cut, or left open with nothing coming through. */
export interface Wire {
  readonly port: number;
  /** Nothing comes through any more in either direction, and nobody is told: as when a cable is pulled. */
  freeze(): void;
  /** Ends all connections, and refuses new ones. */
  cut(): void;
  /** Connections made from now on work; those that were frozen stay dead, as after a failover of a firewall. */
  heal(): void;
  close(): Promise<void>;
}

type State = 'open' | 'frozen' | 'cut';

export async function openWire(target: number, host = '127.0.0.1'): Promise<Wire> {
  const sockets = new Set<Socket>();
  let state: State = 'open';
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') return client.destroy();
    if (state === 'frozen') return client.pause();
    const upstream = connect(target, '127.0.0.1');
    keep(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.pipe(to);
      from.on('close', () => to.destroy());
    }
    return undefined;
  }).listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    freeze() {
      state = 'frozen';
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    heal() {
      state = 'open';
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
