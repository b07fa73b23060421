import type { PublisherHints } from '../entry.ts';
import { childOf, type Node, textOf } from './node.ts';

const PERIODS: Readonly<Record<string, number>> = {
  hourly: 3600,
  daily: 86_400,
  weekly: 7 * 86_400,
  monthly: 30 * 86_400,
  yearly: 365 * 86_400,
};
const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export const NO_HINTS: PublisherHints = { intervalSeconds: null, skipHours: [], skipDays: [] };

/** What the channel asks of pollers. Numbers that make no sense ask for nothing. */
export function hintsOf(channel: Node): PublisherHints {
  const hours = numbers(childOf(channel, 'skiphours'), 'hour').map((hour) => hour % 24);
  const days = (childOf(channel, 'skipdays')?.children ?? [])
    .map((child) => DAY_NAMES.indexOf(child.text.trim().slice(0, 3).toLowerCase()))
    .filter((day) => day >= 0);
  return {
    intervalSeconds: ttlOf(channel) ?? periodOf(channel),
    skipHours: [...new Set(hours)],
    skipDays: [...new Set(days)],
  };
}

function numbers(node: Node | undefined, name: string): number[] {
  return (node?.children ?? [])
    .filter((child) => child.name === name)
    .map((child) => Number(child.text.trim() || Number.NaN))
    .filter((hour) => Number.isInteger(hour) && hour >= 0 && hour <= 24);
}

function ttlOf(channel: Node): number | null {
  const minutes = Number(textOf(channel, 'ttl'));
  return Number.isFinite(minutes) && minutes > 0 ? Math.round(minutes * 60) : null;
}

function periodOf(channel: Node): number | null {
  const period = PERIODS[(textOf(channel, 'sy:updateperiod') ?? '').toLowerCase()];
  if (period === undefined) return null;
  const frequency = Number(textOf(channel, 'sy:updatefrequency') ?? 1);
  return Number.isFinite(frequency) && frequency > 0 ? Math.max(1, Math.round(period / frequency)) : period;
}
