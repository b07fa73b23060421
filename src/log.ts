import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

const MAX_VALUE = 1024;

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}

/**
 * One JSON object a line; human-readable lines on a terminal only. Secrets and addresses never reach it: they are
 * redacted by name here, and no caller logs a request's address in the first place.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['authorization', '*.authorization', 'password', '*.password', 'token', '*.token', 'address', '*.address'],
      censor: '[redacted]',
    },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)])),
    },
  };
  if (destination !== undefined) return pino(options, destination);
  if (!process.stdout.isTTY) return pino(options);
  const { level: _, ...formatters } = options.formatters;
  return pino({
    ...options,
    formatters,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' } },
  });
}
