import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';

/** Whether a program sent this: it says so in its User-Agent, or has none, which no browser does. */
export function isBot(userAgent: string): boolean {
  return userAgent.trim() === '' || isbot(userAgent);
}

/** `isBot` with a memory: readers share few User-Agents, and to search one for hundreds of patterns takes 4 µs. */
export function openBotCheck(maxAgents: number): (userAgent: string) => boolean {
  const known = new LRUCache<string, boolean>({ max: maxAgents });
  return (userAgent) => {
    const remembered = known.get(userAgent);
    if (remembered !== undefined) return remembered;
    const found = isBot(userAgent);
    known.set(userAgent, found);
    return found;
  };
}
