import { isIP } from 'node:net';
import { getDomain } from 'tldts';
import { CodedError } from '../errors.ts';

/** A feed URL as it is stored, and the unit of fairness and politeness that it belongs to. */
export interface FeedUrl {
  readonly url: string;
  readonly host: string;
}

const MAX_LENGTH = 2048;

/**
 * Ports above 1023 on which something other than a web server listens: databases, caches, brokers and control planes
 * that might take a request line for a command, and what the Fetch standard calls bad ports. All lie under 32768, so
 * that a port which the system gives to a test's server is never one of them.
 */
const DENIED_PORTS: ReadonlySet<number> = new Set([
  1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3260, 3268, 3269, 3306, 3389, 3659,
  3690, 4045, 4190, 4369, 5060, 5061, 5432, 5433, 5671, 5672, 5900, 5901, 5984, 5985, 5986, 6000, 6001, 6379, 6380,
  6432, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 7199, 8300, 8301, 8500, 8600, 9042, 9092,
  9160, 9200, 9300, 9418, 10080, 10250, 10255, 10256, 11211, 15672, 16379, 26379, 27017, 27018, 27019, 28017,
]);

/** The feed URL in `text`, normalised (punycode, no fragment). Throws CodedError `feed-url-invalid`. */
export function readFeedUrl(text: string): FeedUrl {
  const trimmed = text.trim().replace(/^feed:(?=https?:)/i, '');
  const problem = urlProblem(trimmed);
  if (problem !== undefined) throw new CodedError('feed-url-invalid', problem);
  const url = new URL(trimmed);
  url.hash = '';
  return { url: url.href, host: hostOf(url) };
}

/** Why `text` cannot be the URL of a feed or of a redirect; undefined where it can. */
export function urlProblem(text: string): string | undefined {
  // The WHATWG parser drops tabs and line ends without a word; whoever sends them tries something.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\x00-\x1f\x7f]/.test(text)) return 'The URL has a control character, tab or line end in it.';
  if (text.length > MAX_LENGTH) return `The URL is longer than ${MAX_LENGTH} characters.`;
  if (!URL.canParse(text))
    return `"${text.slice(0, 200)}" is no URL; it should look like https://example.com/feed.xml.`;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'The URL must start with http:// or https://.';
  if (url.username !== '' || url.password !== '') {
    return 'The URL must carry no user name or password; set basic auth on the feed instead.';
  }
  if (url.href.length > MAX_LENGTH) return `The URL is longer than ${MAX_LENGTH} characters.`;
  return isPortAllowed(url.port) ? undefined : `Feeds are not fetched from port ${url.port}.`;
}

function isPortAllowed(port: string): boolean {
  if (port === '' || port === '80' || port === '443') return true;
  return Number(port) >= 1024 && !DENIED_PORTS.has(Number(port));
}

/**
 * The registrable domain of a URL: `example.co.uk` of `https://feeds.example.co.uk/…`. Addresses and names without one
 * stand for themselves. Of a shared platform (`*.blogspot.com`) it is the platform, whose servers bear the load.
 */
export function hostOf(url: URL): string {
  const hostname = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return isIP(hostname) > 0 ? hostname : (getDomain(hostname) ?? hostname);
}
