import { type LookupAddress, type LookupAllOptions, type LookupOptions, lookup as systemLookup } from 'node:dns';
import ipaddr from 'ipaddr.js';
import { shareLookups } from './shared-lookup.ts';

/**
 * Which addresses a feed may be fetched from. The check sits in the look-up that the connection itself makes, so that
 * nothing lies between the question and the use of its answer: a name that answers with a public address now and a
 * private one a moment later gains nothing.
 */
export interface AddressGuard {
  /** Whether a connection to this literal address may be made. What is no address is not allowed. */
  isAllowed(address: string): boolean;
  /** Stands in for dns.lookup in net.connect; fails with code ERR_ADDRESS_BLOCKED where any answer is not allowed. */
  readonly lookup: typeof guardedLookup;
}

/** Finds all the addresses of a name, as dns.lookup does with `all: true`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

declare function guardedLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void;

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

const DNS_TIMEOUT_MS = 3000;

/** What ipaddr.js takes for unicast, but is no place on the public internet: Azure's virtual server for its guests. */
const DENIED: readonly Range[] = [ipaddr.parseCIDR('168.63.129.16/32')];

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Tunnels and translators: an address in one of these reaches the IPv4 addresses that are written inside it. */
const WRAPPERS: readonly { readonly range: Range; readonly inner: (bytes: number[]) => number[][] }[] = [
  { range: ipaddr.parseCIDR('::ffff:0:0/96'), inner: (bytes) => [bytes.slice(12)] },
  // SIIT (RFC 6145), the same with the zeros elsewhere.
  { range: ipaddr.parseCIDR('::ffff:0:0:0/96'), inner: (bytes) => [bytes.slice(12)] },
  { range: ipaddr.parseCIDR('64:ff9b::/96'), inner: (bytes) => [bytes.slice(12)] },
  { range: ipaddr.parseCIDR('2002::/16'), inner: (bytes) => [bytes.slice(2, 6)] },
  // Teredo names its server in clear and its client inverted.
  {
    range: ipaddr.parseCIDR('2001::/32'),
    inner: (bytes) => [bytes.slice(4, 8), bytes.slice(12).map((byte) => byte ^ 0xff)],
  },
];

/** ISATAP: any prefix, then 0000:5efe or 0200:5efe and an IPv4 address. */
const isIsatap = (bytes: readonly number[]): boolean =>
  (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;

/** The guard that lets public addresses pass and those in `allowCidrs`. `resolve` is dns.lookup unless a test brings its own. */
export function openAddressGuard(
  allowCidrs: readonly string[],
  resolve: Resolve = shareLookups(systemLookup),
  timeoutMs = DNS_TIMEOUT_MS,
): AddressGuard {
  const allowed = allowCidrs.map((range) => ipaddr.parseCIDR(range));
  const isAllowed = (address: string) => isAddressAllowed(address, allowed);
  return {
    isAllowed,
    lookup(hostname, options, callback) {
      resolveInTime(resolve, timeoutMs, hostname, { ...options, all: true }, (error, addresses) => {
        const refused = error ?? refusalOf(addresses, isAllowed);
        const [first] = addresses;
        if (refused !== undefined || first === undefined) callback(refused ?? null, []);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}

function refusalOf(
  addresses: readonly LookupAddress[],
  isAllowed: AddressGuard['isAllowed'],
): NodeJS.ErrnoException | undefined {
  if (addresses.length === 0) return failure('ENOTFOUND', 'The host has no address.');
  return addresses.every(({ address }) => isAllowed(address)) ? undefined : blockedAddress();
}

/** The error of a refused address: the same words whatever the address is and whatever listens there. */
export function blockedAddress(): NodeJS.ErrnoException {
  return failure('ERR_ADDRESS_BLOCKED', 'The host is not at a public address.');
}

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

/** The system's resolver may take half a minute and cannot be told to stop; its late answer is dropped. */
function resolveInTime(
  resolve: Resolve,
  timeoutMs: number,
  hostname: string,
  options: LookupAllOptions,
  callback: Parameters<Resolve>[2],
): void {
  let isDone = false;
  const finish: Parameters<Resolve>[2] = (error, addresses) => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    callback(error, addresses ?? []);
  };
  const timer = setTimeout(
    () => finish(failure('EDNSTIMEOUT', 'The name server did not answer in time.'), []),
    timeoutMs,
  );
  resolve(hostname, options, finish);
}

function isAddressAllowed(text: string, allowed: readonly Range[]): boolean {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  // Only the four-part decimal form: the URL parser has turned every other spelling into it before.
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return false;
  const address = ipaddr.parse(bare);
  if (isIn(address, allowed)) return true;
  const inner = address.kind() === 'ipv6' ? innerAddresses(address as ipaddr.IPv6) : [];
  if (inner.length > 0) return inner.every((found) => isAddressAllowed(found.toString(), allowed));
  return isPublic(address);
}

function innerAddresses(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const wrapper = WRAPPERS.find(({ range }) => isIn(address, [range]));
  const parts = wrapper?.inner(bytes) ?? (isIsatap(bytes) ? [bytes.slice(12)] : []);
  return parts.map((part) => new ipaddr.IPv4(part));
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (isIn(address, DENIED) || address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || isIn(address, [GLOBAL_UNICAST]);
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly Range[]): boolean {
  return ranges.some((range) => range[0].kind() === address.kind() && address.match(range as [ipaddr.IPv4, number]));
}
