import type { ServerResponse } from 'node:http';
import { SECOND } from '../clock.ts';
import type { ListKey } from '../ranking/list.ts';
import { present } from '../ranking/store.ts';
import type { Lists } from './lists.ts';

const LOOK_EVERY = SECOND;
const HEARTBEAT_EVERY = 15 * SECOND;

/** What may wait for one listener; who does not read so much is let go and comes back by himself. */
const MAX_WAITING_BYTES = 256 * 1024;

/** Sent first: how long a browser waits before it comes back. */
const RETRY = 'retry: 3000\n\n';

export interface WantedList {
  readonly key: ListKey;
  readonly categoryName: string | undefined;
  readonly limit: number;
}

/** A list that somebody listens to, and its newest event, written once for all who hear it. */
interface Channel extends WantedList {
  version: string | undefined;
  event: string;
  readonly listeners: Set<ServerResponse>;
}

/**
 * All event streams of this process. One timer looks at the lists that somebody wants, once a second: a thousand
 * listeners to one list cost one look and one text. It runs only while somebody listens.
 */
export interface Hub {
  readonly size: number;
  /** Sends the lists as they are (save the one that `lastEventId` says is known), then each change. */
  join(response: ServerResponse, wanted: readonly WantedList[], lastEventId: string | undefined): Promise<void>;
  /** Ends all streams, as shutdown asks. */
  close(): void;
}

export function openHub(lists: Pick<Lists, 'current'>, onError: (error: unknown) => void): Hub {
  const channels = new Map<string, Channel>();
  const listeners = new Set<ServerResponse>();
  let timers: NodeJS.Timeout[] = [];
  let isLooking = false;
  let isClosed = false;

  /** Asked for anew after each wait: who left meanwhile may have taken the channel along. */
  const channelOf = (list: WantedList): Channel => {
    const name = `${list.key.kind} ${list.key.scope} ${list.key.window} ${list.limit}`;
    const channel = channels.get(name) ?? { ...list, version: undefined, event: '', listeners: new Set() };
    channels.set(name, channel);
    return channel;
  };

  const refresh = async (channel: Channel): Promise<void> => {
    const snapshot = await lists.current(channel.key, channel.categoryName);
    if (snapshot.version === channel.version) return;
    channel.version = snapshot.version;
    const data = JSON.stringify(present(snapshot, { limit: channel.limit }));
    channel.event = `event: list\nid: ${snapshot.version}\ndata: ${data}\n\n`;
    for (const listener of channel.listeners) tell(listener, channel.event);
  };

  const lookAtAll = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const results = await Promise.allSettled([...channels.values()].map(refresh));
    isLooking = false;
    for (const result of results) if (result.status === 'rejected') onError(result.reason);
  };

  const leave = (response: ServerResponse): void => {
    listeners.delete(response);
    for (const [name, channel] of channels) {
      channel.listeners.delete(response);
      if (channel.listeners.size === 0) channels.delete(name);
    }
    if (listeners.size === 0) stop();
  };

  const start = (): void => {
    if (timers.length > 0) return;
    timers = [
      setInterval(() => void lookAtAll(), LOOK_EVERY),
      setInterval(() => {
        for (const listener of listeners) tell(listener, ': still here\n\n');
      }, HEARTBEAT_EVERY),
    ];
  };

  const stop = (): void => {
    for (const timer of timers) clearInterval(timer);
    timers = [];
  };

  return {
    get size() {
      return listeners.size;
    },
    async join(response, wanted, lastEventId) {
      response.once('close', () => leave(response));
      listeners.add(response);
      start();
      await Promise.all(wanted.map((list) => refresh(channelOf(list))));
      if (isClosed) response.end();
      if (response.destroyed || response.writableEnded) return;
      // No await from here on: a change that comes now reaches the listener after these, in order.
      tell(response, RETRY);
      for (const list of wanted) {
        const channel = channelOf(list);
        channel.listeners.add(response);
        if (channel.version !== undefined && channel.version !== lastEventId) tell(response, channel.event);
      }
    },
    close() {
      isClosed = true;
      stop();
      for (const listener of listeners) listener.end();
    },
  };
}

function tell(listener: ServerResponse, text: string): void {
  if (listener.writableLength > MAX_WAITING_BYTES) listener.destroy();
  else if (!listener.destroyed && !listener.writableEnded) listener.write(text);
}
