import { isbot } from 'isbot';

/** Whether a program sent this: it says so in its User-Agent, or has none, which no browser does. */
export function isBot(userAgent: string): boolean {
  return userAgent.trim() === '' || isbot(userAgent);
}
