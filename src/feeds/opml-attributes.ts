import { cleanText } from './categories.ts';

/** Attributes of an outline that mean nothing to newsrank, the declarations of their prefixes among them. */
export type Attributes = Readonly<Record<string, string>>;

/** Which attributes of a file are kept though nobody here reads them. */
export interface ForeignNames {
  readonly names: readonly string[];
  /** The namespaces that the file declares, by prefix. */
  readonly namespaces: ReadonlyMap<string, string>;
}

/** What newsrank reads and writes by itself; a `type` counts where it is not the usual one. */
const OWN = new Set(['text', 'title', 'xmlurl', 'htmlurl', 'language', 'description', 'category', 'url']);
/** Names that would be taken for something else in an object that stands for an outline. */
const UNUSABLE = /^(?:outlines?|__.*)$|^xmlns/i;
const ANY_NAME = /([\p{L}_][\p{L}\p{N}._-]{0,63}(?::[\p{L}_][\p{L}\p{N}._-]{0,63})?)\s{0,9}=\s{0,9}["']/gu;
const DECLARATION = /\sxmlns:([\p{L}_][\p{L}\p{N}._-]{0,63})\s{0,9}=\s{0,9}(?:"([^"<&]{1,1000})"|'([^'<&]{1,1000})')/gu;
const MAX_NAMES = 64;
const MAX_VALUE = 4096;

/** Looks through the whole file, and not only at its outlines: a name that none of them has does no harm. */
export function foreignNames(text: string): ForeignNames {
  const names = new Map<string, string>();
  for (const [, name = ''] of text.matchAll(ANY_NAME)) {
    const key = name.toLowerCase();
    if (!OWN.has(key) && !UNUSABLE.test(name) && !names.has(key) && names.size < MAX_NAMES) names.set(key, name);
  }
  const namespaces = new Map<string, string>();
  for (const [, prefix = '', double, single] of text.matchAll(DECLARATION)) {
    if (!namespaces.has(prefix)) namespaces.set(prefix, double ?? single ?? '');
  }
  return { names: [...names.values()], namespaces };
}

/** An outline's own of them; undefined where it has none. */
export function foreignAttributes(outline: object, { names, namespaces }: ForeignNames): Attributes | undefined {
  const given = new Map<string, unknown>(Object.entries(outline));
  const kept = new Map<string, string>();
  for (const name of names) {
    const value = given.get(name);
    const declared = declarationOf(name, namespaces);
    if (typeof value !== 'string' || declared === undefined || isUsualType(name, value)) continue;
    for (const [declaration, uri] of declared) kept.set(declaration, uri);
    kept.set(name, cleanText(value, MAX_VALUE));
  }
  return kept.size === 0 ? undefined : Object.fromEntries(kept);
}

/** What must stand beside the attribute, if anything. Undefined for a prefix that nothing declares: it would break the file. */
function declarationOf(
  name: string,
  namespaces: ForeignNames['namespaces'],
): [name: string, uri: string][] | undefined {
  const [prefix = '', local] = name.split(':');
  if (local === undefined || prefix === 'xml') return [];
  const uri = namespaces.get(prefix);
  return uri === undefined ? undefined : [[`xmlns:${prefix}`, uri]];
}

function isUsualType(name: string, value: string): boolean {
  return name.toLowerCase() === 'type' && value.toLowerCase() === 'rss';
}
