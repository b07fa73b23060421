import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { CodedError, messageOf } from '../errors.ts';

/** Whether an address is one that a search engine or the like crawls from, whatever User-Agent it shows. */
export type CrawlerCheck = (address: string) => boolean;

const OWN_FILE = new URL('./crawler-ranges.json', import.meta.url);

/**
 * The published ranges of crawlers, from CRAWLER_RANGES_FILE or what comes with newsrank. The file is ours, or a list as
 * Google, Microsoft, Apple and OpenAI publish it (`prefixes`). Throws `settings-invalid` where it holds none.
 */
export async function readCrawlers(file: string | undefined): Promise<CrawlerCheck> {
  try {
    return crawlersIn(JSON.parse(await readFile(file ?? OWN_FILE, 'utf8')));
  } catch (error) {
    const message = `CRAWLER_RANGES_FILE ${file ?? ''}: ${messageOf(error)}`;
    throw new CodedError('settings-invalid', message, { cause: error });
  }
}

export function crawlersIn(document: unknown): CrawlerCheck {
  const networks = rangesIn(document).map((range) => ipaddr.parseCIDR(range));
  if (networks.length === 0) throw new Error('holds no address ranges');
  const v4 = openNumbers(networks.filter(([address]) => address.kind() === 'ipv4'));
  const v6 = openRanges(networks.filter(([address]) => address.kind() === 'ipv6'));
  return (text) => {
    if (isIPv4(text)) return v4(text);
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return address.kind() === 'ipv4' ? v4(address.toString()) : v6(address);
  };
}

type Network = ReturnType<typeof ipaddr.parseCIDR>;
type Address = Network[0];

/** The ranges of IPv4 by their first and last numbers, in order: each view is looked up. */
function openNumbers(networks: readonly Network[]): (address: string) => boolean {
  const ranges = networks
    .map(([address, length]) => {
      const size = 2 ** (32 - length);
      const first = Math.floor(numberOf(address.toString()) / size) * size;
      return { first, last: first + size - 1 };
    })
    .sort((a, b) => a.first - b.first);
  // Ranges may lie in one another: how far any of them reaches that begins no later.
  let furthest = -1;
  const reach = ranges.map(({ last }) => (furthest = Math.max(furthest, last)));
  return (text) => {
    const address = numberOf(text);
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.first ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return (reach[low - 1] ?? -1) >= address;
  };
}

const [DOT, ZERO] = [46, 48];

/** By its characters, since to split and read it costs each view ten times as much. */
function numberOf(address: string): number {
  let [number, part] = [0, 0];
  for (let i = 0; i < address.length; i++) {
    const character = address.charCodeAt(i);
    if (character !== DOT) part = part * 10 + character - ZERO;
    else [number, part] = [number * 256 + part, 0];
  }
  return number * 256 + part;
}

/** By length of the prefix, so that a look-up costs one hash a length, whatever the number of ranges. */
function openRanges(networks: readonly Network[]): (address: Address) => boolean {
  const byLength = new Map<number, Set<string>>();
  for (const [address, length] of networks) {
    const known = byLength.get(length) ?? new Set();
    byLength.set(length, known.add(prefixOf(address, length)));
  }
  return (address) => {
    for (const [length, known] of byLength) if (known.has(prefixOf(address, length))) return true;
    return false;
  };
}

function prefixOf(address: Address, length: number): string {
  const bytes = address.toByteArray();
  const whole = length >> 3;
  const rest = length & 7;
  const last = rest === 0 ? '' : String((bytes[whole] ?? 0) >> (8 - rest));
  return `${bytes.slice(0, whole).join('.')}/${last}`;
}

function rangesIn(document: unknown): string[] {
  const { crawlers = [], prefixes = [] } = (document ?? {}) as {
    readonly crawlers?: readonly { readonly ranges: readonly string[] }[];
    readonly prefixes?: readonly { readonly ipv4Prefix?: string; readonly ipv6Prefix?: string }[];
  };
  return [
    ...crawlers.flatMap(({ ranges }) => ranges),
    ...prefixes.flatMap(({ ipv4Prefix, ipv6Prefix }) => ipv4Prefix ?? ipv6Prefix ?? []),
  ];
}
