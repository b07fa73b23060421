/** A link of an HTTP answer's `Link` header (RFC 8288), with the parameters that we know. */
export interface HeaderLink {
  /** Absolute, but not checked to be of a scheme that we fetch. */
  readonly url: string;
  /** In lower case. */
  readonly rels: readonly string[];
  readonly type: string | null;
  readonly title: string | null;
  readonly language: string | null;
}

/** Characters that are looked at: publishers list their whole site in it. */
const MAX_LENGTH = 16 * 1024;
const MAX_LINKS = 100;

/** One link: its target in `<…>`, then parameters, whose values may be quoted and hold commas. */
const LINK = /<([^<>]*)>((?:[^,"<>]|"(?:[^"\\]|\\.)*")*)/g;
const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/g;

/** The links that the header names, relative ones resolved against `base`. What cannot be read is left out. */
export function readLinkHeader(header: string | undefined, base: string): HeaderLink[] {
  const links: HeaderLink[] = [];
  for (const [, target = '', rest = ''] of (header ?? '').slice(0, MAX_LENGTH).matchAll(LINK)) {
    if (links.length === MAX_LINKS) break;
    const parameters = readParameters(rest);
    // A link from somewhere else says nothing about this document.
    if (!URL.canParse(target.trim(), base) || parameters.has('anchor')) continue;
    links.push({
      url: new URL(target.trim(), base).href,
      rels: (parameters.get('rel') ?? '').toLowerCase().split(/\s+/),
      type: parameters.get('type') ?? null,
      title: parameters.get('title') ?? null,
      language: parameters.get('hreflang') ?? null,
    });
  }
  return links;
}

/** The first of each name counts (RFC 8288, 3.3). */
function readParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare);
  }
  return parameters;
}
