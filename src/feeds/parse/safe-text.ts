import { resolveHtmlReferences } from './references.ts';

/** Text as it was written, references and all; only what could begin a tag is escaped. */
export function safeText(raw: string): string {
  let text = raw;
  if (text.includes('&')) text = safeReferences(text);
  return text.includes('<') ? text.replaceAll('<', '&lt;') : text;
}

const BARE_AMPERSAND = /&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[a-zA-Z][a-zA-Z0-9]{1,31};)/g;

/** References that browsers read as they stand, which is nearly all of them. */
const UNUSUAL =
  /&(?!(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#(?:3[2-9]|[4-9]\d|1[67]\d|[2-9]\d\d|8\d{3})|#x(?:2[0-9a-f]|[a-f]\d|20[0-9a-f]{2}));)/;

export function safeReferences(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return text
    .replace(BARE_AMPERSAND, '&amp;')
    .replace(/&#X/g, '&#x')
    .replace(/&#1(?:2[89]|[345]\d);|&#x[89][0-9a-f];/gi, windowsReference)
    .replace(/&#0*(?:[0-8]|1[1-9]|2\d|3[01]|127);|&#x0*(?:[0-8bcef]|1[0-9a-f]|7f);/gi, '');
}

/** References to control characters mean those of windows-1252. */
function windowsReference(reference: string): string {
  const meant = resolveHtmlReferences(reference);
  const code = meant.codePointAt(0) ?? 0;
  return code < 0xa0 ? '' : `&#x${code.toString(16)};`;
}
