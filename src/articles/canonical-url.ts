/**
 * Two forms of an article's URL. `linkUrl` is what we show and send readers to: it must work, so scheme, host and path
 * stay as the publisher gave them (some hosts answer only to http or to www). `canonicalUrl` is what tells whether two
 * URLs are the same article: it may change all that does not choose the article, and nobody is ever sent there.
 */
import { isTracking, isVariant, type Parameter, redirectTarget, registrableDomain, URL_RULES } from './url-rules.ts';

/** Beyond any real link; what is longer costs more to read than it can be worth. */
const MAX_INPUT = 8192;

/** Redirectors inside redirectors, and what each pass uncovers for the next; a longer chain was made to be long. */
const MAX_PASSES = 32;

/** The URL by which articles are compared, or null where `url` is not http(s). Never throws; idempotent. */
export function canonicalUrl(url: string, feedHost?: string): string | null {
  let current = url;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const parsed = parseHttp(current);
    const next = parsed === undefined ? undefined : canonicalOnce(redirectTarget(parsed) ?? parsed, feedHost);
    if (next === undefined) return null;
    if (next === current) return next;
    current = next;
  }
  return null;
}

/** The URL to show and to link to: redirectors unwrapped, tracking dropped, all else as given; null where it is not http(s). */
export function linkUrl(url: string, feedHost?: string): string | null {
  let parsed = parseHttp(url);
  for (let pass = 0; parsed !== undefined; pass += 1) {
    const target = redirectTarget(parsed);
    if (target === undefined) break;
    if (pass === MAX_PASSES) return null;
    parsed = target;
  }
  if (parsed === undefined) return null;
  parsed.username = '';
  parsed.password = '';
  const host = parsed.hostname;
  const isKept = (parameter: Parameter) => !isTracking(parameter, host, feedHost);
  const hash = parametersOf(parsed.hash.slice(1));
  if (!hash.some(isKept)) parsed.hash = '';
  const query = parametersOf(parsed.search.slice(1));
  const kept = query.filter(isKept);
  // An untouched query is not written again: a server may care for its empty parts.
  if (kept.length < query.length || query.length === 0) parsed.search = joined(kept);
  return parsed.href;
}

/** Whether the URL is a site's front page, which many entries may link to and which therefore identifies none. */
export function isFrontPage(canonical: string): boolean {
  const { pathname, search } = new URL(canonical);
  return pathname === '/' && search === '';
}

function parseHttp(text: string): URL | undefined {
  if (text.length > MAX_INPUT || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

function canonicalOnce(url: URL, feedHost: string | undefined): string | undefined {
  const host = canonicalHost(url.hostname);
  if (host === '') return undefined;
  const isDefaultPort = url.port === '' || url.port === '80' || url.port === '443';
  const kept = parametersOf(url.search.slice(1)).filter(
    (parameter) => !isTracking(parameter, url.hostname, feedHost) && !isVariant(parameter),
  );
  const text = `https://${host}${isDefaultPort ? '' : `:${url.port}`}${canonicalPath(url.pathname)}${joined(kept)}`;
  return parseHttp(text.replace(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase()))?.href;
}

function canonicalHost(hostname: string): string {
  let host = hostname.replace(/\.+$/, '');
  for (;;) {
    const label = host.split('.', 1)[0] ?? '';
    // What is itself a registrable domain (m.com, www.gov.uk) keeps its name.
    const isPart = registrableDomain(host) !== undefined && registrableDomain(host) !== host;
    if (!isPart || !URL_RULES.hostPrefixes.includes(label)) return host;
    host = host.slice(label.length + 1);
  }
}

function canonicalPath(pathname: string): string {
  const path = pathname.replace(/\/+$/, '');
  const prefix = URL_RULES.ampPathPrefixes.find((amp) => path.startsWith(`${amp}/`));
  if (prefix !== undefined) return canonicalPath(path.slice(prefix.length));
  const suffix = URL_RULES.ampPathSuffixes.find((amp) => path.endsWith(amp) && path.length > amp.length);
  if (suffix !== undefined && !path.endsWith(`/${suffix}`)) return canonicalPath(path.slice(0, -suffix.length));
  return path === '' ? '/' : path;
}

/** The parts of a query in their order, as written; empty ones left out, `&amp;` that was escaped twice read as `&`. */
function parametersOf(query: string): Parameter[] {
  return query
    .split('&')
    .map((part) => part.replace(/^(?:amp;)+/, ''))
    .filter((part) => part !== '')
    .map((raw) => {
      const equals = raw.indexOf('=');
      const name = equals === -1 ? raw : raw.slice(0, equals);
      return { raw, name: decode(name).toLowerCase(), value: equals === -1 ? '' : decode(raw.slice(equals + 1)) };
    });
}

function joined(parameters: readonly Parameter[]): string {
  return parameters.length === 0 ? '' : `?${parameters.map(({ raw }) => raw).join('&')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // Not UTF-8, or a lone %: it is none of our names.
    return text;
  }
}
