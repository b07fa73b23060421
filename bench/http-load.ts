import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * A client that costs little beside the server it measures: requests are made beforehand, a connection carries one at a
 * time and stays open. Answers must have a Content-Length.
 */
export interface Load {
  /** Sends each request once, as fast as answers come or `perSecond`; gives how long each took, queueing included, in ms. */
  send(requests: readonly Buffer[], perSecond?: number): Promise<Float64Array>;
  close(): void;
}

const TICK_MS = 1;
setFlagsFromString('--expose-gc');
/** What making the requests left behind would be collected while answers are timed. */
const collectGarbage: () => void = runInNewContext('gc');

export async function openLoad(url: string, connections: number, expected: number): Promise<Load> {
  // Opened when they are first used: servers close connections on which nobody asks anything.
  let sockets: readonly Socket[] = [];

  return {
    async send(requests, perSecond = Number.POSITIVE_INFINITY) {
      if (sockets.length === 0) sockets = await openSockets(url, connections);
      return sendAll(sockets, requests, perSecond, expected);
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function openSockets(url: string, connections: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname).setNoDelay().setEncoding('latin1');
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      // A server gives up connections on which nobody asks anything; nothing is sent on those any more.
      socket.once('end', () => socket.destroy());
      socket.on('error', () => {});
      return socket;
    }),
  );
}

function sendAll(
  sockets: readonly Socket[],
  requests: readonly Buffer[],
  perSecond: number,
  expected: number,
): Promise<Float64Array> {
  return new Promise((resolve, reject) => {
    const took = new Float64Array(requests.length);
    if (Number.isFinite(perSecond)) collectGarbage();
    const startedAt = performance.now();
    const idle = [...sockets];
    let sent = 0;
    let answered = 0;
    const dueAt = (index: number) => startedAt + (index / perSecond) * 1000;

    const write = (socket: Socket) => {
      const index = sent++;
      const from = Number.isFinite(perSecond) ? dueAt(index) : performance.now();
      listen(socket, reject, (status, text) => {
        if (status !== expected) return reject(new Error(text));
        took[index] = performance.now() - from;
        if (++answered === requests.length) return resolve(took);
        if (sent < requests.length && dueAt(sent) <= performance.now()) write(socket);
        else idle.push(socket);
      });
      socket.write(requests[index] as Buffer);
    };
    const dispatch = () => {
      while (idle.length > 0 && sent < requests.length && dueAt(sent) <= performance.now()) {
        // The one that has rested longest, so that none rests for long.
        const socket = idle.shift();
        if (socket?.destroyed === false) write(socket);
        else if (idle.length === 0 && answered === sent) return reject(new Error('the server closed all connections'));
      }
      if (sent < requests.length && Number.isFinite(perSecond)) setTimeout(dispatch, TICK_MS);
    };
    dispatch();
  });
}

function listen(
  socket: Socket,
  onClosed: (error: Error) => void,
  onAnswer: (status: number, text: string) => void,
): void {
  let text = '';
  const onClose = () => onClosed(new Error('the server closed a connection on which it owed an answer'));
  const onData = (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    socket.off('data', onData).off('close', onClose);
    onAnswer(Number(text.slice(9, 12)), text);
  };
  socket.on('data', onData).once('close', onClose);
}
