import { readFileSync } from 'node:fs';
import { getDomain } from 'tldts';

/** A link that leads elsewhere: the target stands in a query parameter, in the rest of the path, or in base64. */
interface Redirector {
  /** Host (and all under it) and path; a path that ends in `/` stands for all that begin so. */
  readonly from: string;
  readonly parameter?: string;
  /** The scheme that the rest of the path lacks. */
  readonly rest?: string;
  readonly base64?: true;
}

/**
 * The rules of url-rules.json. Names are in lower case; `*` in a parameter stands for anything, `name=value` for that value only;
 * `google.*` is google under any public suffix.
 */
interface UrlRules {
  readonly ampPathPrefixes: readonly string[];
  readonly ampPathSuffixes: readonly string[];
  readonly hostPrefixes: readonly string[];
  readonly hostParameters: Readonly<Record<string, readonly string[]>>;
  readonly ownHostParameters: readonly string[];
  readonly parameters: readonly string[];
  readonly redirectors: readonly Redirector[];
  readonly variants: readonly string[];
}

export const URL_RULES: UrlRules = JSON.parse(readFileSync(new URL('./url-rules.json', import.meta.url), 'utf8'));

/** One `name=value` of a query, as it stands there and as it reads. */
export interface Parameter {
  readonly raw: string;
  readonly name: string;
  readonly value: string;
}

type Matches = (parameter: Parameter) => boolean;

function compile(patterns: readonly string[]): Matches {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const globs = patterns.filter((pattern) => pattern.includes('*'));
  const sources = globs.map((glob) => glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*'));
  const expression = globs.length === 0 ? undefined : new RegExp(`^(?:${sources.join('|')})$`, 's');
  return ({ name, value }) =>
    exact.has(name) || exact.has(`${name}=${value.toLowerCase()}`) || expression?.test(name) === true;
}

const isTrackingAnywhere = compile(URL_RULES.parameters);
const trackingByHost = Object.entries(URL_RULES.hostParameters).map(
  ([pattern, names]) => [pattern, compile(names)] as const,
);
const ownHostNames = new Set(URL_RULES.ownHostParameters);

/** Whether the parameter only chooses how a page looks (its AMP form), not which page. */
export const isVariant: Matches = compile(URL_RULES.variants);

// The longest rule wins: /amp/s/ is more exact than /amp/.
const redirectors = URL_RULES.redirectors
  .map((rule) => {
    const slash = rule.from.indexOf('/');
    return { rule, host: rule.from.slice(0, slash), path: rule.from.slice(slash) };
  })
  .sort((a, b) => b.rule.from.length - a.rule.from.length);

/** The registrable domain; a blog at a shared host (`m.blogspot.com`) is a domain of its own. Undefined for addresses. */
export function registrableDomain(host: string): string | undefined {
  return getDomain(host, { allowPrivateDomains: true }) ?? undefined;
}

function isUnder(host: string, parent: string): boolean {
  return host === parent || host.endsWith(`.${parent}`);
}

function hostMatches(host: string, pattern: string): boolean {
  if (!pattern.endsWith('.*')) return isUnder(host, pattern);
  return getDomain(host)?.split('.', 1)[0] === pattern.slice(0, -2);
}

function namesHost(value: string, host: string): boolean {
  const named = value
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/^www\./, '')
    .replace(/[/:?#].*$/s, '');
  return named.includes('.') && (isUnder(named, host) || isUnder(host, named));
}

/** Whether the parameter says only who sent the reader there. */
export function isTracking(parameter: Parameter, host: string, feedHost: string | undefined): boolean {
  if (isTrackingAnywhere(parameter)) return true;
  if (ownHostNames.has(parameter.name)) {
    const own = [registrableDomain(host), feedHost?.toLowerCase()];
    if (own.some((name) => name !== undefined && name !== '' && namesHost(parameter.value, name))) return true;
  }
  return trackingByHost.some(([pattern, matches]) => hostMatches(host, pattern) && matches(parameter));
}

function targetOf(rule: Redirector, url: URL, rest: string): string | null | undefined {
  if (rule.parameter !== undefined) return url.searchParams.get(rule.parameter);
  if (rule.rest !== undefined) return rest === '' ? undefined : rule.rest + rest + url.search;
  // A protocol buffer: the text of the URL is followed by the tag byte of the next field, which is not printable.
  const bytes = Buffer.from(rest.split('/', 1)[0] ?? '', 'base64').toString('latin1');
  return /https?:\/\/[!-~]+/.exec(bytes)?.[0];
}

/** Where a known redirector leads, without asking it; undefined where the URL is none or hides its target. */
export function redirectTarget(url: URL): URL | undefined {
  for (const { rule, host, path } of redirectors) {
    const isHere = path.endsWith('/') ? url.pathname.startsWith(path) : url.pathname === path;
    if (!isHere || !hostMatches(url.hostname, host)) continue;
    const target = targetOf(rule, url, url.pathname.slice(path.length));
    if (target && /^https?:\/\//i.test(target) && URL.canParse(target)) return new URL(target);
  }
  return undefined;
}
