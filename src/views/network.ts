import { isIPv4 } from 'node:net';
import { crc32 } from 'node:zlib';
import ipaddr from 'ipaddr.js';
import { fnv1a } from '../fnv1a.ts';
import type { ArticleId } from '../ids.ts';
import { SEEN_SLOT_SECONDS } from './keys.ts';
import { hmac } from './visitor.ts';

/**
 * Damping: how much of an article's reads may come from one place. In a half-hour an article takes READS_PER_ADDRESS reads
 * from one address (of IPv6, from one /64), and three times as many from one network (/24 of IPv4, /48 of IPv6); beyond
 * that, an eighth or a quarter of what others read of it in the last hour. What goes further is dropped as
 * `rate-limited`. So an attacker moves a list by no more than that, however many User-Agents he has, while the people
 * behind one address of a carrier count: they read many articles, and what all of them read, others read too.
 *
 * Nearly all addresses read an article once or twice. So each process lets the first reads of an address and of a network
 * pass, and sends only those after them to be weighed (crowd.lua), where all processes count together. Its memory is of
 * counters that several addresses may share, which has no worse effect than that one is weighed early. Each process
 * beyond the first therefore adds FREE reads to what an address may give.
 *
 * Redis counts under hashes of the prefix, the article and the day's salt, and forgets them within two hours. The process
 * counts under hashes without a salt, which never leave its memory and are gone with the half-hour.
 */
export interface Origins {
  /** Notes a read of the article from the address. */
  note(salt: Buffer, address: string, article: ArticleId, now: Date): Origin;
  /** It did not count (a duplicate, say), so that it is not to use up what the address may give. */
  takeBack(origin: Origin): void;
}

export interface Origin {
  /** What stands for the address and its network in counts of the article; undefined where nothing is to be weighed. */
  readonly weighed: string | undefined;
  readonly own: number;
  readonly near: number;
  readonly slot: number;
}

/** Reads of an article in a half-hour by one address that are not weighed; by one network three times as many. */
const FREE = 2;
/** A megabyte for addresses and one for networks: at 60,000 reads in a half-hour, one read in 500 is weighed in vain. */
const COUNTERS = 2 ** 20;

/** How many weighed reads one address may give, so that in one process it comes to `readsPerAddress` in all. */
export const weighedOf = (readsPerAddress: number): number => Math.max(0, readsPerAddress - FREE);

export function openOrigins(): Origins {
  const [ownCounters, nearCounters] = [new Uint8Array(COUNTERS), new Uint8Array(COUNTERS)];
  let countedSlot = 0;

  /** How many of its half-hour that is. A counter that is full stays so. */
  const count = (counters: Uint8Array, hash: number, more: 1 | -1): number => {
    const counter = hash % COUNTERS;
    const reads = counters[counter] ?? 0;
    if (reads < 255) counters[counter] = reads + more;
    return reads + more;
  };

  return {
    note(salt, address, article, now) {
      const slot = Math.floor(now.getTime() / 1000 / SEEN_SLOT_SECONDS);
      if (slot !== countedSlot) for (const counters of [ownCounters, nearCounters]) counters.fill(0);
      countedSlot = slot;
      const prefixes = prefixesOf(address);
      const seed = fnv1a(article);
      const [own, near] = [mix(fnv1a(prefixes.own) ^ seed), mix(fnv1a(prefixes.near) ^ seed)];
      const [ownReads, nearReads] = [count(ownCounters, own, 1), count(nearCounters, near, 1)];
      const isWeighed = ownReads > FREE || nearReads > 3 * FREE;
      return { weighed: isWeighed ? keyedHashes(salt, prefixes, article) : undefined, own, near, slot };
    },
    takeBack({ own, near, slot }) {
      if (slot !== countedSlot) return;
      count(ownCounters, own, -1);
      count(nearCounters, near, -1);
    },
  };
}

/** The address that shares a cap, and the network around it, as prefixes. */
export function prefixesOf(address: string): Prefixes {
  if (isIPv4(address)) return { own: address, near: address.slice(0, address.lastIndexOf('.')) };
  if (!ipaddr.IPv6.isValid(address)) return { own: address, near: address };
  const { parts } = ipaddr.IPv6.parse(address);
  return { own: parts.slice(0, 4).join(':'), near: parts.slice(0, 3).join(':') };
}

interface Prefixes {
  readonly own: string;
  readonly near: string;
}

/**
 * What Redis is told of the few that are weighed. Of the network by its HMAC, of the address by another word of that HMAC
 * and what the address adds; CRC-32 tells apart whatever differs in its last four bytes only, as addresses of one network do.
 */
function keyedHashes(salt: Buffer, { own, near }: Prefixes, article: ArticleId): string {
  const seed = crc32(article);
  const digest = hmac(salt, `network|${near}`);
  const word = (from: number) => Number.parseInt(digest.slice(from, from + 8), 16);
  return hex(mix(mix(word(8) ^ crc32(own)) ^ seed)) + hex(mix(word(0) ^ seed));
}

/** MurmurHash3's finaliser: each bit of the input moves half of the output's. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const hex = (hash: number): string => hash.toString(16).padStart(8, '0');
