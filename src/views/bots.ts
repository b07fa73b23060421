import { isbot } from 'isbot';

/** Whether a program sent this: it says so in its User-Agent, or has none, which no browser does. */
export function isBot(userAgent: string): boolean {
  return userAgent.trim() === '' || isbot(userAgent);
}

/**
 * `isBot` with a memory: readers share few User-Agents, and to search one for hundreds of patterns takes 4 µs. What is
 * full begins anew, since to keep the order of use would cost each view more than that costs some.
 */
export function openBotCheck(maxAgents: number): (userAgent: string) => boolean {
  const known = new Map<string, boolean>();
  return (userAgent) => {
    const remembered = known.get(userAgent);
    if (remembered !== undefined) return remembered;
    if (known.size >= maxAgents) known.clear();
    const found = isBot(userAgent);
    known.set(userAgent, found);
    return found;
  };
}
