import { MAX_ENTITIES, MAX_ENTITY_LENGTH, MAX_EXPANSION } from './limits.ts';
import { type OwnEntities, resolveReferences } from './references.ts';

const HEAD_LENGTH = 1 << 16;

/**
 * Takes a document type out of the text and reads its plain entities: few, small, never nested, never external (no
 * file or URL is ever opened). What stands before and after it is returned as one.
 */
export function readDoctype(text: string): { readonly text: string; readonly own: OwnEntities | undefined } {
  // It stands before the first element or nowhere, which spares most feeds a search through all of the head.
  const start = text.slice(0, HEAD_LENGTH).search(/<(?:!DOCTYPE\s|[a-z])/i);
  if (start < 0 || text[start + 1] !== '!') return { text, own: undefined };
  const end = doctypeEnd(text, start);
  const values = new Map<string, string>();
  const declaration = /<!ENTITY\s+([\w.-]{1,64})\s+(?:"([^"]{0,1024})"|'([^']{0,1024})')\s*>/g;
  for (const match of text.slice(start, Math.min(end, start + HEAD_LENGTH)).matchAll(declaration)) {
    if (values.size >= MAX_ENTITIES) break;
    const [, name = '', double, single] = match;
    const value = resolveReferences(double ?? single ?? '', undefined);
    if (value.length <= MAX_ENTITY_LENGTH && !values.has(name)) values.set(name, value);
  }
  return {
    text: text.slice(0, start) + text.slice(end),
    own: values.size === 0 ? undefined : { values, room: MAX_EXPANSION },
  };
}

/** The index after the declaration: past the `]` of its subset where it has one, quotes and comments respected. */
function doctypeEnd(text: string, start: number): number {
  const head = text.slice(start, start + HEAD_LENGTH);
  const pattern = /"[^"]*"|'[^']*'|<!--|[[\]>]/g;
  let isInSubset = false;
  for (let match = pattern.exec(head); match !== null; match = pattern.exec(head)) {
    const [token] = match;
    if (token === '>' && !isInSubset) return start + pattern.lastIndex;
    if (token === '[' || token === ']') isInSubset = token === '[';
    if (token === '<!--') pattern.lastIndex = (head.indexOf('-->', pattern.lastIndex) + 1 || head.length) + 2;
  }
  return start + head.length;
}
