import type { ServerResponse } from 'node:http';
import { SECOND } from '../clock.ts';
import type { ListKey } from '../ranking/list.ts';
import { present } from '../ranking/store.ts';
import type { Lists } from './lists.ts';

const LOOK_EVERY = SECOND;
const HEARTBEAT_EVERY = 15 * SECOND;
const HEARTBEAT = Buffer.from(': still here\n\n');

/** Sent first: how long a browser waits before it comes back; not all at once when this process was away. */
const RETRY_MIN = 2 * SECOND;
const RETRY_SPREAD = 4 * SECOND;

/** So many listeners are told in one go; then whoever else waits for this process has a turn. */
const TOLD_AT_ONCE = 250;

export interface WantedList {
  readonly key: ListKey;
  readonly categoryName: string | undefined;
  readonly limit: number;
}

/** A list that somebody listens to, and its newest event, written once for all who hear it. */
interface Channel extends WantedList {
  readonly name: string;
  version: string | undefined;
  event: Buffer;
  readonly listeners: Set<Listener>;
}

/**
 * Who reads more slowly than lists change gets the newest of each when there is room again: of each list at most one event
 * waits for him, and that is the channel's own. Who has not read a thing from one heartbeat to the next is let go, and
 * comes back by himself.
 */
interface Listener {
  readonly response: ServerResponse;
  readonly channels: Channel[];
  readonly owed: Set<Channel>;
  isStuck: boolean;
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

export function openHub(
  lists: Pick<Lists, 'current'>,
  onError: (error: unknown) => void,
  random: () => number = Math.random,
): Hub {
  const channels = new Map<string, Channel>();
  const listeners = new Set<Listener>();
  let timers: NodeJS.Timeout[] = [];
  let isLooking = false;
  let isClosed = false;

  /** Asked for anew after each wait: who left meanwhile may have taken the channel along. */
  const channelOf = (list: WantedList): Channel => {
    const name = `${list.key.kind} ${list.key.scope} ${list.key.window} ${list.limit}`;
    const channel = channels.get(name) ?? { ...list, name, version: undefined, event: HEARTBEAT, listeners: new Set() };
    channels.set(name, channel);
    return channel;
  };

  const refresh = async (channel: Channel): Promise<void> => {
    const snapshot = await lists.current(channel.key, channel.categoryName);
    if (snapshot.version === channel.version) return;
    channel.version = snapshot.version;
    const data = JSON.stringify(present(snapshot, { limit: channel.limit }));
    channel.event = Buffer.from(`event: list\nid: ${snapshot.version}\ndata: ${data}\n\n`);
    await tellAll(channel);
  };

  const lookAtAll = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const results = await Promise.allSettled([...channels.values()].map(refresh));
    isLooking = false;
    for (const result of results) if (result.status === 'rejected') onError(result.reason);
  };

  const leave = (listener: Listener): void => {
    listeners.delete(listener);
    for (const channel of listener.channels) {
      channel.listeners.delete(listener);
      if (channel.listeners.size === 0) channels.delete(channel.name);
    }
    if (listeners.size === 0) stop();
  };

  const start = (): void => {
    if (timers.length > 0) return;
    timers = [
      setInterval(() => void lookAtAll(), LOOK_EVERY),
      setInterval(() => {
        for (const listener of listeners) keepAlive(listener);
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
      const listener: Listener = { response, channels: [], owed: new Set(), isStuck: false };
      response.once('close', () => leave(listener)).on('drain', () => settle(listener));
      listeners.add(listener);
      start();
      await Promise.all(wanted.map((list) => refresh(channelOf(list))));
      if (isClosed) response.end();
      if (response.destroyed || response.writableEnded) return;
      // No await from here on: a change that comes now reaches the listener after these, in order.
      response.write(`retry: ${Math.round(RETRY_MIN + random() * RETRY_SPREAD)}\n\n`);
      for (const list of wanted) {
        const channel = channelOf(list);
        channel.listeners.add(listener);
        listener.channels.push(channel);
        if (channel.version !== undefined && channel.version !== lastEventId) tell(listener, channel);
      }
    },
    close() {
      isClosed = true;
      stop();
      for (const { response } of listeners) response.end();
    },
  };
}

async function tellAll(channel: Channel): Promise<void> {
  const { version } = channel;
  let told = 0;
  for (const listener of [...channel.listeners]) {
    tell(listener, channel);
    if (++told % TOLD_AT_ONCE !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    // A newer one is on its way to all, these included.
    if (channel.version !== version) return;
  }
}

function tell(listener: Listener, channel: Channel): void {
  const { response } = listener;
  if (response.destroyed || response.writableEnded) return;
  if (response.writableNeedDrain) listener.owed.add(channel);
  else response.write(channel.event);
}

/** There is room again: what was owed is sent, until there is none. */
function settle(listener: Listener): void {
  listener.isStuck = false;
  for (const channel of listener.owed) {
    if (listener.response.writableNeedDrain) return;
    listener.owed.delete(channel);
    tell(listener, channel);
  }
}

function keepAlive(listener: Listener): void {
  const { response } = listener;
  if (response.destroyed || response.writableEnded) return;
  if (!response.writableNeedDrain) response.write(HEARTBEAT);
  else if (listener.isStuck) response.destroy();
  else listener.isStuck = true;
}
