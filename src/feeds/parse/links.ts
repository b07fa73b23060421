import { MAX_URL } from './limits.ts';

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** Control characters and spaces, which browsers skip where they read a scheme. */
const SKIPPED = /[\0-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+/g;

/** The reference made absolute where the base allows, otherwise as it stands; never changed where it is absolute already. */
export function resolveLink(reference: string, base: string): string {
  const link = reference.trim().replace(/[\t\n\r]+/g, '');
  if (link === '' || SCHEME.test(link)) return link;
  try {
    return new URL(link, base).href;
  } catch {
    return link;
  }
}

/** A base made absolute by the base around it; one that nothing can be resolved against is passed over. */
export function resolveBase(reference: string, base: string): string {
  const link = resolveLink(reference, base);
  return /^(?:https?|ftp):/i.test(link) && URL.canParse(link) ? link : base;
}

/** The scheme in lower case as a browser would read it, '' for a relative reference. */
export function schemeOf(link: string): string {
  // Skipped first and cut then: what is skipped may be longer than any scheme.
  const head = link.replace(SKIPPED, '').slice(0, 256);
  return SCHEME.exec(head)?.[0].slice(0, -1).toLowerCase() ?? '';
}

/** What surely is a URL, without asking the parser: a plain name that ends in letters, and nothing unusual behind it. */
const PLAIN = /^https?:\/\/(?:[a-z0-9]+\.)+[a-z]{2,24}\/[\w/.~%?&=+,;:!*#-]*$/;

/** The link where it is an absolute http(s) URL that a browser can open and that fits the column; null otherwise. */
export function safeLink(link: string | null | undefined): string | null {
  if (link === null || link === undefined) return null;
  if (link.length <= MAX_URL && PLAIN.test(link)) return link;
  const trimmed = link.trim().replaceAll(' ', '%20');
  if (trimmed.length > MAX_URL || !/^https?:\/\//i.test(trimmed)) return null;
  if (!URL.canParse(trimmed)) return null;
  return trimmed.includes('@') ? withoutCredentials(trimmed) : trimmed;
}

function withoutCredentials(link: string): string {
  const url = new URL(link);
  if (url.username === '' && url.password === '') return link;
  url.username = '';
  url.password = '';
  return url.href;
}
