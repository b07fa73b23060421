import { isBot } from '../bots.ts';
import type { CrawlerCheck } from '../crawlers.ts';
import { detached } from './lines.ts';

/** What is known of a visitor's program: whether it is a bot, and its hash. */
export interface Agent {
  readonly isBot: boolean;
  readonly hash: Hash;
}

/** 64 bits in two halves. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** Programs, and addresses, remembered at a time; then all are forgotten, and asked again. */
const MAX_AGENTS = 50_000;
const MAX_ADDRESSES = 200_000;

/**
 * Who reads, for as long as an import runs. Visitors are hashed with a random key, which is thrown away with the process:
 * neither it nor a hash is ever written. So a quick hash will do where what is kept for days asks for HMAC (visitor.ts).
 */
export interface Visitors {
  /** Whether a program came: by its User-Agent, or from where crawlers come. */
  isBot(visitor: string | undefined, userAgent: string | undefined): boolean;
  agent(userAgent: string | undefined): Agent;
  hash(visitor: string, agent: Agent, article: number): Hash;
}

export function openVisitors(key: Uint32Array, isCrawler: CrawlerCheck = () => false): Visitors {
  const agents = new Map<string, Agent>();
  const addresses = new Map<string, boolean>();
  const [seedHigh = 1, seedLow = 2] = key;
  const unknown: Agent = { isBot: false, hash: { high: seedHigh, low: seedLow } };
  const agentOf = (userAgent: string | undefined): Agent => {
    if (userAgent === undefined) return unknown;
    const known = agents.get(userAgent);
    if (known !== undefined) return known;
    if (agents.size >= MAX_AGENTS) agents.clear();
    const agent = { isBot: isBot(userAgent), hash: mix(userAgent, seedHigh, seedLow, 0) };
    agents.set(detached(userAgent), agent);
    return agent;
  };
  const crawls = (address: string): boolean => {
    const known = addresses.get(address);
    if (known !== undefined) return known;
    if (addresses.size >= MAX_ADDRESSES) addresses.clear();
    const isOne = isCrawler(address);
    addresses.set(detached(address), isOne);
    return isOne;
  };
  return {
    isBot: (visitor, userAgent) => agentOf(userAgent).isBot || (visitor !== undefined && crawls(visitor)),
    agent: agentOf,
    hash: (visitor, { hash }, article) => mix(visitor, hash.high, hash.low, article),
  };
}

/** Two lanes of multiply and xor over the text, with a murmur finaliser over both. */
function mix(text: string, high: number, low: number, number: number): Hash {
  let a = (high ^ Math.imul(number, 0x9e3779b1)) | 0;
  let b = (low ^ Math.imul(number, 0x85ebca77)) | 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return { high: a >>> 0, low: b >>> 0 };
}
