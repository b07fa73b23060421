import ipaddr from 'ipaddr.js';
import { serverUrls } from '../src/engines/address.ts';

/** Turns a setting's text into its value; throws an Error whose message ends the sentence "must be …". */
export type Parse<T> = (text: string) => T;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `5m`, `6h`, `30d` → milliseconds. */
export function duration(min: number, max: number): Parse<number> {
  return (text) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
    const value = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
    if (!(value >= min && value <= max)) {
      throw new Error(`a duration such as 90s, 5m or 6h, from ${asDuration(min)} to ${asDuration(max)}`);
    }
    return value;
  };
}

/** Milliseconds in the largest unit that holds them whole. */
function asDuration(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

export function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`a whole number from ${min} to ${max}`);
    return value;
  };
}

export function text(min = 1, max = 4096): Parse<string> {
  return (value) => {
    if (value.length < min || value.length > max) throw new Error(`${min} to ${max} characters long`);
    return value;
  };
}

export function oneOf<T extends string>(values: readonly T[]): Parse<T> {
  return (value) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new Error(`one of ${values.join(', ')}`);
    return found;
  };
}

/** A comma-separated list, each of `values`; `all` stands for every one. */
export function someOf<T extends string>(values: readonly T[]): Parse<readonly T[]> {
  const one = oneOf(values);
  return (value) => {
    if (value === 'all') return values;
    try {
      return value.split(',').map((part) => one(part.trim()));
    } catch {
      throw new Error(`all, or some of ${values.join(',')}`);
    }
  };
}

export function url(...protocols: string[]): Parse<string> {
  return (value) => {
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      throw new Error(`a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
    }
    return value;
  };
}

/** A URL that may name several servers, separated by commas. */
export function serversUrl(...protocols: string[]): Parse<string> {
  const one = url(...protocols);
  return (value) => {
    for (const server of serverUrls(value)) one(server);
    return value;
  };
}

/** The base of URLs: without query and fragment, and without the `/` at its end. */
export function baseUrl(value: string): string {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const isBase = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.search + parsed.hash === '';
  if (!isBase || parsed.username !== '') throw new Error('a URL such as https://rank.example.com, without a query');
  return parsed.href.replace(/\/+$/, '');
}

/** Comma-separated address ranges, such as `127.0.0.1/32,10.0.0.0/8`. */
export function cidrs(value: string): readonly string[] {
  const ranges = value
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
  if (!ranges.every((range) => ipaddr.isValidCIDR(range))) {
    throw new Error('address ranges in CIDR form, separated by commas, such as 127.0.0.1/32,10.0.0.0/8');
  }
  return ranges;
}

export function timeZone(value: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return value;
  } catch {
    throw new Error('a time zone of the IANA database, such as Asia/Tokyo or UTC');
  }
}
