import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** Readers who send again until they are answered, and keep what was acknowledged. */
export interface Readers {
  /** By article: views that were acknowledged as counted. Each is of a visitor of its own. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Each attempt: when it was sent (ms), how long it took, and its status; 0 where nobody answered. */
  readonly attempts: readonly Attempt[];
  /** Views that were answered otherwise than they must be, by what was said. */
  readonly wrong: ReadonlyMap<string, number>;
  /** Views a second from here on. */
  setPace(perSecond: number): void;
  acknowledgedTotal(): number;
  /** Ends sending; resolves when everything that was sent is acknowledged, or with how many views are not. */
  drain(seconds: number): Promise<number>;
  close(): Promise<void>;
}

export interface Attempt {
  readonly at: number;
  readonly ms: number;
  readonly status: number;
  /** Not sent before. */
  readonly isFirst: boolean;
}

export interface ReaderTools {
  /** Where the APIs answer now. */
  urls(): readonly string[];
  /** Articles that may be read, the newest last. */
  articles(): readonly string[];
  readonly token: string;
}

export const VIEWS_A_REQUEST = 10;
const MAX_LATE_MS = 500;
const TICK_MS = 20;
/** The answer 503 asks for a second; after that patience grows. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 4000;
const PATIENCE_MS = 10_000;

export function openReaders({ urls, articles, token }: ReaderTools): Readers {
  const agent = new Agent({ connections: 64, pipelining: 1, connect: { timeout: 2000 } });
  const acknowledged = new Map<string, number>();
  const attempts: Attempt[] = [];
  const wrong = new Map<string, number>();
  let visitors = 0;
  let perSecond = 0;
  let owed = 0;
  let underWay = 0;
  let isOver = false;
  const blame = (what: string, count: number) => wrong.set(what, (wrong.get(what) ?? 0) + count);

  const attempt = async (body: string, views: number, isFirst: boolean, n: number): Promise<boolean> => {
    const [at, startedAt] = [Date.now(), performance.now()];
    let status = 0;
    try {
      const all = urls();
      const { statusCode, body: answer } = await request(`${all[n % all.length]}/v1/views`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body,
        dispatcher: agent,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      status = statusCode;
      const text = await answer.text();
      if (status !== 202) {
        if (status !== 503 && status !== 429) blame(`status ${status}`, views);
        return false;
      }
      const { accepted, dropped } = JSON.parse(text) as { accepted: number; dropped: Record<string, number> };
      // What was sent before and not answered may have been counted all the same: then it is a duplicate.
      if (accepted + (isFirst ? 0 : (dropped['duplicate'] ?? 0)) !== views)
        blame(`dropped ${JSON.stringify(dropped)}`, views);
      return true;
    } catch {
      return false;
    } finally {
      attempts.push({ at, ms: performance.now() - startedAt, status, isFirst });
    }
  };

  const send = async (): Promise<void> => {
    underWay += VIEWS_A_REQUEST;
    const readable = articles();
    const chosen = Array.from(
      { length: VIEWS_A_REQUEST },
      () => readable[Math.floor(Math.random() ** 2 * readable.length)] ?? '',
    );
    const body = JSON.stringify({ views: chosen.map((article) => ({ article, visitor: `visitor ${visitors++}` })) });
    for (let n = 0; !isOver; n++) {
      if (n > 0) await sleep(Math.min(RETRY_MS * 1.5 ** (n - 1), MAX_RETRY_MS) * (0.5 + Math.random()));
      if (!(await attempt(body, VIEWS_A_REQUEST, n === 0, n + visitors / VIEWS_A_REQUEST))) continue;
      for (const article of chosen) acknowledged.set(article, (acknowledged.get(article) ?? 0) + 1);
      underWay -= VIEWS_A_REQUEST;
      return;
    }
  };

  let tickedAt = performance.now();
  const timer = setInterval(() => {
    // Timers come late; what was late is made up for, but not a whole pause of this process.
    const ms = Math.min(performance.now() - tickedAt, MAX_LATE_MS);
    tickedAt = performance.now();
    if (articles().length === 0) return;
    for (owed += (perSecond * ms) / 1000; owed >= VIEWS_A_REQUEST; owed -= VIEWS_A_REQUEST) void send();
  }, TICK_MS);
  return {
    acknowledged,
    attempts,
    wrong,
    setPace(pace) {
      perSecond = pace;
    },
    acknowledgedTotal: () => [...acknowledged.values()].reduce((sum, one) => sum + one, 0),
    async drain(seconds) {
      clearInterval(timer);
      const until = performance.now() + seconds * 1000;
      while (underWay > 0 && performance.now() < until) await sleep(50);
      isOver = true;
      return underWay;
    },
    async close() {
      clearInterval(timer);
      isOver = true;
      await agent.destroy();
    },
  };
}
