import { decodeHTML, decodeHTMLStrict } from 'entities';
import { flat } from './flat.ts';

/** The entities that a document's own DTD declares, with what is left of the room for their expansions. */
export interface OwnEntities {
  readonly values: ReadonlyMap<string, string>;
  room: number;
}

const REFERENCE = /&(?:#[xX]?[0-9a-fA-F]{1,8}|[a-zA-Z][\w.-]{0,63});/y;

/**
 * Resolves the references in text or an attribute of XML: numeric ones, those of XML and HTML, and the document's own.
 * What is none of them stays as it is.
 */
export function resolveReferences(text: string, own: OwnEntities | undefined): string {
  let at = text.indexOf('&');
  if (at < 0) return text;
  let resolved = '';
  let from = 0;
  for (; at >= 0; at = text.indexOf('&', from)) {
    resolved += text.slice(from, at);
    from = at + basicLength(text, at);
    if (from > at) {
      resolved += BASIC[from - at + (text.charCodeAt(at + 1) === LOWER_G ? 3 : 0)];
      continue;
    }
    REFERENCE.lastIndex = at;
    const [reference] = REFERENCE.exec(text) ?? ['&'];
    resolved += reference === '&' ? reference : resolveOne(reference, own);
    from = at + reference.length;
  }
  return flat(resolved + text.slice(from));
}

const LOWER_G = 0x67;
/** By the length of the reference; `&gt;`, as long as `&lt;`, comes last. */
const BASIC: readonly string[] = ['', '', '', '', '<', '&', '"', '>'];

/** The length of one of the four references that escaped HTML is made of, 0 for any other: nearly all are of these. */
function basicLength(text: string, at: number): number {
  if (text.startsWith('lt;', at + 1) || text.startsWith('gt;', at + 1)) return 4;
  if (text.startsWith('amp;', at + 1)) return 5;
  return text.startsWith('quot;', at + 1) ? 6 : 0;
}

function resolveOne(reference: string, own: OwnEntities | undefined): string {
  const value = own?.values.get(reference.slice(1, -1));
  if (own === undefined || value === undefined) return decodeHTMLStrict(reference);
  if (own.room < value.length) return '';
  own.room -= value.length;
  return value;
}

/** Resolves the references in HTML text, where the semicolon may be missing. */
export function resolveHtmlReferences(text: string): string {
  return text.includes('&') ? decodeHTML(text) : text;
}

export function escapeText(text: string): string {
  return /[&<>]/.test(text) ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') : text;
}

export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', '&quot;');
}
