import { type Clock, SECOND } from '../../clock.ts';
import type { Sql } from '../../engines/sql.ts';
import type { HostBudget } from '../host-budget.ts';
import type { HttpClient } from '../http-client.ts';
import { hostOf } from '../url.ts';
import { askHub } from './ask-hub.ts';
import { claimSubscriptions, noteFailedRequest, putOffRequest } from './store.ts';
import type { Subscription } from './subscription.ts';

interface AskTools {
  readonly sql: Sql;
  readonly client: HttpClient;
  readonly budget: HostBudget;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What became of the requests to hubs. */
export interface AskedHubs {
  readonly accepted: number;
  readonly failed: number;
  /** The hub had been asked often by us; it is asked later. */
  readonly deferred: number;
}

const AT_ONCE = 100;
const LANES = 8;
/** Requests that were put off come back one after another. */
const SPREAD_SECONDS = 30;

/** Sends the requests that are due: to begin, to renew a lease before it runs out, to take back what is not wanted any more. */
export async function askDueHubs(tools: AskTools): Promise<AskedHubs> {
  const { sql, clock } = tools;
  const rest = (await claimSubscriptions(sql, AT_ONCE, clock())).values();
  const counts = { accepted: 0, failed: 0, deferred: 0 };
  const lane = async () => {
    for (const subscription of rest) counts[await request(tools, subscription)]++;
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return counts;
}

async function request(tools: AskTools, subscription: Subscription): Promise<'accepted' | 'failed' | 'deferred'> {
  const { sql, client, budget, clock, random } = tools;
  const host = hostOf(new URL(subscription.hub));
  const wait = await budget.take(host, clock());
  if (wait > 0) {
    await putOffRequest(sql, subscription, later(clock(), wait + random() * SPREAD_SECONDS));
    return 'deferred';
  }
  const answer = await askHub(client, subscription, clock());
  if (answer.kind === 'accepted') return 'accepted';
  const pause = answer.retryAfterSeconds ?? 0;
  if (pause > 0) await budget.stop(host, pause, clock());
  await noteFailedRequest(sql, subscription, answer.message, later(clock(), pause));
  return 'failed';
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * SECOND);
}
