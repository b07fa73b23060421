import type { Dispatcher } from 'undici';

/** What a server answered to one GET, redirects not followed. */
export interface Reply {
  readonly status: number;
  /** By lower-case name; of repeated ones the first, but all of `link`. Bytes above 127 are read as Latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came over the wire, for a success; nothing else is waited for. */
  readonly body: Uint8Array;
  /** Bytes that came, or were announced, when there were more than `maxBytes`: the connection was cut then. */
  readonly tooLargeBytes: number | null;
  /** From the request, a connection for it included, to the head of the answer. */
  readonly firstByteMs: number;
}

/** Ends a request that takes too long: `cancel` is set by the request that runs. */
export interface Deadline {
  isPast: boolean;
  cancel: (() => void) | undefined;
}

/** What comes with an error page or a redirect is read up to here, so that the connection can be used again. */
const DUMPED_BYTES = 64 * 1024;
const DUMP_MS = 5_000;
const NOTHING = new Uint8Array();

/**
 * One GET. Rejects with undici's error where no answer came, or not the whole of it. Made on `dispatch`: undici's
 * `request` makes a stream for each answer, which costs a poll that finds nothing new a tenth of all its CPU, and what
 * is read here is bounded and read whole.
 */
export function getOnce(
  agent: Dispatcher,
  url: string,
  headers: Record<string, string>,
  maxBytes: number,
  deadline: Deadline,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    const reading = new ReplyReader(maxBytes, deadline, resolve, reject);
    deadline.cancel = () => reading.giveUp(new Error('The answer was not complete in time.'));
    agent.dispatch({ origin, path: pathname + search, method: 'GET', headers }, reading);
  });
}

/** A class, for undici calls its methods by name on each of thousands of requests a second. */
class ReplyReader implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;
  readonly #startedAt = performance.now();
  #firstByteMs = 0;
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #dumpTimer: NodeJS.Timeout | undefined;
  readonly #maxBytes: number;
  readonly #deadline: Deadline;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;

  constructor(maxBytes: number, deadline: Deadline, resolve: (reply: Reply) => void, reject: (error: Error) => void) {
    this.#maxBytes = maxBytes;
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Also while the request still waits for a connection, of which undici knows nothing before it has one. */
  giveUp(error: Error): void {
    this.#end();
    this.#reject(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('given up'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#firstByteMs = performance.now() - this.#startedAt;
    this.#status = status;
    this.#headers = firstValues(headers);
    if (status <= 299) {
      const declared = this.#headers['content-length'] ?? '';
      if (/^\d+$/.test(declared) && Number(declared) > this.#maxBytes) this.#refuse(controller, 0);
      return;
    }
    // A redirect must not be held up by the page that comes with it. An answer 304 has none by the protocol.
    if (status !== 304) {
      this.#dumpTimer = setTimeout(() => controller.abort(new Error('not needed')), DUMP_MS);
      this.#dumpTimer.unref();
    }
    this.#answer(NOTHING, null);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#isOver) {
      if (this.#bytes > DUMPED_BYTES) controller.abort(new Error('not needed'));
    } else if (this.#bytes > this.#maxBytes) {
      this.#refuse(controller, this.#bytes);
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#dumpTimer);
    if (this.#isOver) return;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#answer(body, null);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#dumpTimer);
    if (this.#isOver) return;
    this.#end();
    this.#reject(error);
  }

  #refuse(controller: Dispatcher.DispatchController, bytes: number): void {
    this.#answer(NOTHING, bytes);
    controller.abort(new Error('too large'));
  }

  #answer(body: Uint8Array, tooLargeBytes: number | null): void {
    this.#end();
    const [status, headers, firstByteMs] = [this.#status, this.#headers, this.#firstByteMs];
    this.#resolve({ status, headers, body, tooLargeBytes, firstByteMs });
  }

  #end(): void {
    this.#isOver = true;
    this.#deadline.cancel = undefined;
  }
}

/** The object itself where no header was repeated, which is so as a rule: another one for each answer is not made. */
function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  for (const name in headers) {
    const value = headers[name];
    if (Array.isArray(value)) headers[name] = (name === 'link' ? value.join(', ') : value[0]) ?? '';
  }
  return headers as Record<string, string>;
}
