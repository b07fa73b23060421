import { createHmac } from 'node:crypto';
import { DAY, MINUTE } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { ArticleId } from '../ids.ts';
import { withDeadline } from './deadline.ts';
import { SEEN_SLOT_SECONDS, saltKey } from './keys.ts';

/**
 * Who read, without knowing who: HMAC(salt of the day, visitor | article). Two articles give unrelated hashes, so nothing
 * that is kept tells what somebody read. A salt is random, made by whoever needs it first, shared through Redis, and
 * destroyed 48 hours after its day began; with it goes the last way from a hash to an address.
 *
 * What arrives after its day's salt is gone is hashed with the oldest salt that lives. A trusted report of yesterday that
 * is sent again tomorrow may therefore count twice: a longer life of the salts would be the only cure.
 */
export interface Salts {
  /** The salt of the UTC day (days since 1970), or of the oldest day that still has one. */
  of(day: number, now: Date): Promise<Buffer>;
}

const SALT_BYTES = 32;
const SALT_LIFE = 2 * DAY;
/** How long a process trusts its copy: a Redis that was emptied gets the salt back from whoever asks first. */
const CHECK_AFTER = MINUTE;

interface HeldSalt {
  readonly checkedAt: number;
  readonly salt: Promise<Buffer>;
}

export function openSalts(redis: RedisClient, random: (bytes: number) => Buffer, answerMs: number): Salts {
  const held = new Map<number, HeldSalt>();

  const share = async (day: number, own: Buffer, now: Date): Promise<Buffer> => {
    const key = saltKey(day);
    const life = Math.max(1, Math.ceil((day * DAY + SALT_LIFE - now.getTime()) / 1000));
    const made = await redis.set(key, own.toString('base64'), 'EX', life, 'NX');
    if (made === 'OK') return own;
    const shared = await redis.get(key);
    return shared === null ? await share(day, own, now) : Buffer.from(shared, 'base64');
  };

  /** Shares the salt that is known, or a new one; when that fails, what was known is kept to be shared later. */
  const renew = async (day: number, known: HeldSalt | undefined, now: Date): Promise<Buffer> => {
    const own = known === undefined ? random(SALT_BYTES) : await known.salt;
    try {
      return await withDeadline(share(day, own, now), answerMs, 'Redis');
    } catch (error) {
      if (known === undefined) held.delete(day);
      else held.set(day, known);
      throw error;
    }
  };

  return {
    async of(askedDay, now) {
      const today = dayOf(now);
      const day = Math.max(askedDay, today - 1);
      for (const old of held.keys()) if (old < today - 1) held.delete(old);
      const known = held.get(day);
      const age = known === undefined ? 0 : now.getTime() - known.checkedAt;
      if (known !== undefined && age >= 0 && age < CHECK_AFTER) return await known.salt;
      const salt = renew(day, known, now);
      held.set(day, { checkedAt: now.getTime(), salt });
      return await salt;
    },
  };
}

export const dayOf = (time: Date): number => Math.floor(time.getTime() / DAY);

/** Whether the half-hour before `at` belongs to the day before, which hashed with another salt. */
export function isFirstSlotOfDay(at: Date): boolean {
  return at.getTime() % DAY < SEEN_SLOT_SECONDS * 1000;
}

/** A 64-bit number in decimal digits: the form in which Redis keeps a set of them in 8 bytes each. */
export function visitorHash(salt: Buffer, visitor: string, article: ArticleId): string {
  return createHmac('sha256', salt).update(visitor).update('|').update(article).digest().readBigInt64BE().toString();
}
