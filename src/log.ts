import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type Log = Logger;

const MAX_VALUE = 1024;
/** Of an error that carries the call it failed in: its first arguments tell which it was. */
const MAX_ITEMS = 20;
const MAX_DEPTH = 5;
const SECRET_NAMES = new Set(['authorization', 'cookie', 'password', 'token', 'address']);

/** What stands before the host of a URL, and the values of parameters by which feeds of few are kept from others. */
const CREDENTIALS = /\/\/[^\s/?#]+@/g;
const SECRET_PARAMETERS =
  /([?&](?:[\w.-]*(?:token|secret|passwo?r?d|api[_-]?key|signature|auth)|key|sig|pass|pwd)=)[^&#\s"']+/gi;

/** Secrets first: of one that was cut in two, the first half would stand there. */
function cut(text: string): string {
  const safe = text
    .slice(0, 4 * MAX_VALUE)
    .replace(CREDENTIALS, '//[redacted]@')
    .replace(SECRET_PARAMETERS, '$1[redacted]');
  return safe.length > MAX_VALUE ? `${safe.slice(0, MAX_VALUE)}…` : safe;
}

/** The value as it may stand in a line: without what is secret by its name, and no text of it long, however deep it lies. */
function tame(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  if (value instanceof Error) return tame(stdSerializers.err(value), depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return tame(value.toJSON(), depth + 1);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => tame(item, depth + 1));
  return tameFields(value, depth + 1);
}

function tameFields(fields: object, depth: number): Record<string, unknown> {
  const tamed = Object.entries(fields).map(([name, value]) => [
    name,
    SECRET_NAMES.has(name.toLowerCase()) ? '[redacted]' : tame(value, depth),
  ]);
  return Object.fromEntries(tamed);
}

/**
 * One JSON object a line; human-readable lines on a terminal only. Secrets and addresses never reach it: they are
 * redacted by name and within URLs here, and no caller logs a request's address in the first place.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    // pino would take a tamed error for one of class Object.
    serializers: { err: (value: unknown) => value },
    // What a child says in all its lines is not told to the formatters.
    redact: { paths: [...SECRET_NAMES], censor: '[redacted]' },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => tameFields(fields, 0),
    },
    hooks: {
      logMethod(given, method) {
        method.apply(this, given.map((one: unknown) => (typeof one === 'string' ? cut(one) : one)) as typeof given);
      },
    },
  };
  if (destination !== undefined) return pino(options, destination);
  if (!process.stdout.isTTY) return pino(options);
  const { level: _, ...formatters } = options.formatters ?? {};
  return pino({
    ...options,
    formatters,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' } },
  });
}
