import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { readCounts } from '../../src/views/counts.ts';
import { ALL_SHARDS, keysOf } from '../../src/views/keys.ts';
import { restoreCounts } from '../../src/views/restore.ts';
import { insertArticles, insertCategories, testArticle } from '../ranking/counts.ts';
import type { Product } from '../support/product.ts';
import { awaitArchive, compareArchive, compareCounts, sumOf } from './storm-check.ts';
import { type Cells, openSender, type Sender, type StormView } from './storm-model.ts';

/** Views by the thousand into real processes, which are killed and restarted meanwhile; then every number is compared. */
export interface StormTools {
  readonly sql: Sql;
  readonly redis: RedisClient;
  /** Starts a process of the product with these roles. */
  start(roles: 'api' | 'counter'): Promise<Product>;
  readonly token: string;
  readonly random: () => number;
  /** Hears of each fault. */
  readonly onFault?: (fault: Fault) => void;
}

export interface StormPlan {
  readonly views: number;
  readonly kills: number;
  readonly batch: number;
  readonly senders: number;
  /** Processes of each role. */
  readonly processes: number;
}

export interface Fault {
  readonly kind: keyof typeof STRIKES;
  /** Views acknowledged when it struck, and requests that were under way, one at least. */
  readonly acknowledged: number;
  readonly underWay: number;
  /** Shards whose counts were on their way to PostgreSQL. */
  readonly archiving: number;
}

interface State {
  acknowledged: number;
  reads: number;
  requests: number;
  unanswered: number;
  underWay: number;
  /** Acknowledged views beyond which nobody sends until the next fault has struck. */
  mayReach: number;
  /** All faults have struck. Until then nobody stops sending, so that each strikes amid requests. */
  areStruck: boolean;
  /** A process did not start again: nobody would answer. */
  isOver: boolean;
}

export interface StormResult {
  readonly faults: readonly Fault[];
  readonly requests: number;
  /** Requests that were not answered with 202, and sent again. */
  readonly unanswered: number;
  /** Views in answered requests, and the reads among them by the plain model. */
  readonly acknowledged: number;
  readonly reads: number;
  /** Reads that Redis has in its window of 24 hours, and PostgreSQL in its archive. */
  readonly counted: number;
  readonly archived: number;
  readonly seconds: number;
  /** What is not as it must be, a line each. */
  readonly differences: readonly string[];
}

/** What may happen to the product; the counter is the archiver, too. */
const STRIKES = {
  'API killed': ({ replace }, n) => replace('api', n, 'kill'),
  'counter killed': ({ replace }, n) => replace('counter', n, 'kill'),
  'API restarted': ({ replace }, n) => replace('api', n, 'stop'),
  'counter restarted': ({ replace }, n) => replace('counter', n, 'stop'),
  'counters killed': ({ replace }) => replace('counter', 'all', 'kill'),
  'all killed': async ({ replace }) => {
    await Promise.all([replace('api', 'all', 'kill'), replace('counter', 'all', 'kill')]);
  },
} as const satisfies Record<string, (processes: Processes, n: number) => Promise<void>>;
const FAULTS = Object.keys(STRIKES) as (keyof typeof STRIKES)[];

const ARTICLES = 300;
const CATEGORIES = { politics: 'Politics', world: 'World', sports: 'Sports' };
const REPLAYS = 0.05;
const RETRY_MS = 50;
const REQUEST_MS = 10_000;
const MAX_LOOKS = 1000;

export async function runStorm(tools: StormTools, plan: StormPlan): Promise<StormResult> {
  const { sql, redis, random } = tools;
  await insertCategories(sql, CATEGORIES);
  const articles = Array.from({ length: ARTICLES }, (_, i) => testArticle(new Date(), ...categoriesOf(i)));
  await insertArticles(sql, articles);
  // A shard that nobody has restored archives nothing; here there is nothing to restore.
  await restoreCounts(sql, redis, new Date());
  const state: State = {
    acknowledged: 0,
    reads: 0,
    requests: 0,
    unanswered: 0,
    underWay: 0,
    mayReach: 0,
    areStruck: false,
    isOver: false,
  };
  const differences: string[] = [];
  const cells: Cells = new Map();
  const processes = await openProcesses(tools, plan.processes);
  const startedAt = performance.now();

  const post = async (views: readonly StormView[], attempt: number): Promise<number | undefined> => {
    state.requests++;
    state.underWay++;
    try {
      const response = await fetch(`${processes.api(attempt).url}/v1/views`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${tools.token}` },
        body: JSON.stringify({ views }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const body = (await response.json()) as { accepted: number };
      if (response.status === 202) return body.accepted;
      if (response.status !== 503) differences.push(`a request was answered ${response.status}`);
    } catch {
      // Killed in the middle, or not there again yet.
    } finally {
      state.underWay--;
    }
    state.unanswered++;
    return undefined;
  };
  /** Sends the batch until it is answered, and holds the answer to the model. */
  const send = async (sender: Sender, batch: readonly StormView[]): Promise<void> => {
    let accepted: number | undefined;
    let attempt = 0;
    for (; accepted === undefined && !state.isOver; attempt++) {
      if (attempt > 0) await sleep(RETRY_MS);
      accepted = await post(batch, attempt + Math.floor(random() * plan.processes));
    }
    if (accepted === undefined) return;
    const expected = sender.acknowledge(batch);
    // What was not answered may have been counted all the same; then it is a duplicate now.
    const isRight = attempt === 1 ? accepted === expected : accepted <= expected;
    if (!isRight) differences.push(`a request's answer was ${accepted} reads, not ${expected}`);
    state.acknowledged += batch.length;
    state.reads += expected;
  };
  const sendAll = async (_: unknown, n: number): Promise<void> => {
    const sender = openSender(`s${n}`, articles, cells, random);
    while ((state.acknowledged < plan.views || !state.areStruck) && !state.isOver) {
      if (state.acknowledged >= state.mayReach) {
        await sleep(RETRY_MS);
        continue;
      }
      const batch = sender.nextBatch(plan.batch);
      await send(sender, batch);
      if (random() < REPLAYS) await send(sender, batch);
    }
  };

  const faults = strike(tools, plan, processes, state).catch((error: unknown) => {
    state.isOver = true;
    throw error;
  });
  const [struck] = await Promise.all([faults, ...Array.from({ length: plan.senders }, sendAll)]);
  const seconds = (performance.now() - startedAt) / 1000;
  const archived = await awaitArchive(sql, redis, state.reads);
  await processes.stop();
  differences.push(...(await compareArchive(sql, cells)), ...(await compareCounts(redis, articles, cells)));
  const counted = await sumOf(articles, async ({ id, categories }) => (await readCounts(redis, id, categories))['24h']);
  const { acknowledged, reads, requests, unanswered } = state;
  return { faults: struck, acknowledged, reads, requests, unanswered, counted, archived, seconds, differences };
}

const categoriesOf = (i: number): string[] => (i % 4 === 0 ? ['politics', 'world'] : i % 7 === 0 ? [] : ['sports']);

interface Processes {
  api(n: number): Product;
  /** Ends some of them, and starts them again. */
  replace(role: 'api' | 'counter', which: number | 'all', how: 'kill' | 'stop'): Promise<void>;
  stop(): Promise<void>;
}

async function openProcesses({ start }: StormTools, count: number): Promise<Processes> {
  const some = (role: 'api' | 'counter') => Promise.all(Array.from({ length: count }, () => start(role)));
  const running = { api: await some('api'), counter: await some('counter') };
  return {
    api: (n) => running.api[n % count] as Product,
    async replace(role, which, how) {
      const replaceOne = async (n: number) => {
        await running[role][n]?.[how]();
        running[role][n] = await start(role);
      };
      await Promise.all(which === 'all' ? running[role].map((_, n) => replaceOne(n)) : [replaceOne(which % count)]);
    },
    async stop() {
      await Promise.all([...running.api, ...running.counter].map((product) => product.stop()));
    },
  };
}

/** Lets faults happen at random points of the way, each kind in turn; sending goes on until the next one's point. */
async function strike(
  { redis, random, onFault }: StormTools,
  { views, kills }: StormPlan,
  processes: Processes,
  state: State,
): Promise<Fault[]> {
  const points = Array.from({ length: kills }, () => views * (0.02 + 0.9 * random())).sort((a, b) => a - b);
  const faults: Fault[] = [];
  for (const [i, point] of points.entries()) {
    // Nobody waits while the fault is awaited, so that it strikes amid requests.
    state.mayReach = Number.POSITIVE_INFINITY;
    while (state.acknowledged < point) await sleep(5 * random());
    const kind = FAULTS[i % FAULTS.length] ?? 'API killed';
    const lyingAside = () => sumOf(ALL_SHARDS, (shard) => redis.exists(keysOf(shard).archiving));
    let archiving = await lyingAside();
    // An archive takes a few milliseconds; half of the counters are caught at it.
    const isPatient = kind !== 'API killed' && kind !== 'API restarted' && random() < 0.5;
    for (let looks = 0; isPatient && archiving === 0 && looks < MAX_LOOKS; looks++) archiving = await lyingAside();
    while (state.underWay === 0) await sleep(1);
    const fault = { kind, acknowledged: state.acknowledged, underWay: state.underWay, archiving };
    faults.push(fault);
    onFault?.(fault);
    state.mayReach = points[i + 1] ?? Number.POSITIVE_INFINITY;
    await STRIKES[kind](processes, i);
  }
  state.areStruck = true;
  return faults;
}
