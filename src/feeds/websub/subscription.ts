import { DAY, HOUR, MINUTE, SECOND } from '../../clock.ts';
import type { FeedId } from '../../ids.ts';

/**
 * WebSub (W3C, 2018): a feed names a hub, we ask the hub to push what is new, the hub asks back whether that was us, and
 * pushes for as long as a lease lasts. Polling goes on, slower, since a hub may be silent without saying so.
 *
 * `wanted`: asked for or about to be · `verified`: the hub pushes · `denied`: it will not, for now · `ending`: to be
 * taken back · `ended`: over, kept for a day so that a late question of the hub's is understood.
 */
export type SubscriptionState = 'wanted' | 'verified' | 'denied' | 'ending' | 'ended';

/** What asking the hub and understanding its answers needs. */
export interface Subscription {
  readonly id: number;
  /** Null once the feed is removed. */
  readonly feed: FeedId | null;
  readonly hub: string;
  readonly topic: string;
  readonly callback: string;
  /** What pushes are signed with. */
  readonly secret: string;
  readonly state: SubscriptionState;
  readonly requestedAt: Date | null;
}

/** What we ask for; the hub decides. */
export const LEASE_SECONDS = (10 * DAY) / SECOND;
const MAX_LEASE_SECONDS = (90 * DAY) / SECOND;
/** A hub that leases by the minute is not asked by the minute. */
const MIN_RENEWAL_SECONDS = (5 * MINUTE) / SECOND;
/** Of a lease, after which it is renewed: at ten days there are two left for a hub that is down. */
const RENEWAL_SHARE = 0.8;

/** Between two requests that the hub did not confirm; doubled each time, up to the longest. */
export const FIRST_RETRY_SECONDS = (5 * MINUTE) / SECOND;
export const LONGEST_RETRY_SECONDS = DAY / SECOND;
/** A hub that said no is asked again, since its reasons pass. */
export const DENIED_RETRY_SECONDS = DAY / SECOND;
/** A hub that does not let go is left to notice that nobody answers. */
export const MAX_ENDING_ATTEMPTS = 3;
export const ENDED_KEPT_SECONDS = DAY / SECOND;

/** A hub that says nothing for so long, neither a push nor a verification, is not relied on. */
export const SILENCE_SECONDS = (7 * DAY) / SECOND;
/** Hubs verify when they come to it; a question long after is not about our request. */
export const VERIFIABLE_SECONDS = (24 * HOUR) / SECOND;

/** The lease that the hub grants, as it writes it; what it does not say readably counts as what we asked for. */
export function leaseSecondsOf(given: string | undefined): number {
  const seconds = /^\d{1,12}$/.test(given ?? '') ? Number(given) : 0;
  return seconds > 0 ? Math.min(seconds, MAX_LEASE_SECONDS) : LEASE_SECONDS;
}

/** Seconds from its verification until a lease is renewed. */
export function renewalSeconds(leaseSeconds: number): number {
  return Math.max(MIN_RENEWAL_SECONDS, leaseSeconds * RENEWAL_SHARE);
}

/** Where the hub reaches us. The token is all that keeps others out: 192 bits. */
export function callbackOf(publicUrl: string, token: string): string {
  return `${publicUrl}/websub/${token}`;
}
