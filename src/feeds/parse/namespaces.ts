import { MAX_SCOPES } from './limits.ts';

/**
 * Namespaces by their URI, whatever prefix a feed gave them. Names in the tree are `prefix:local` with the prefix from
 * here, in lower case; elements of RSS itself (and of Atom in an Atom feed) have none.
 */
const PREFIX_OF = new Map<string, string>(
  Object.entries({
    '': '',
    'http://backend.userland.com/rss': '',
    'http://backend.userland.com/rss2': '',
    'http://backend.userland.com/rss091': '',
    'http://backend.userland.com/rss092': '',
    'http://blogs.law.harvard.edu/tech/rss': '',
    'http://purl.org/rss/1.0': '',
    'http://my.netscape.com/rdf/simple/0.9': '',
    'http://my.netscape.com/publish/formats/rss-0.91.dtd': '',
    'http://channel.netscape.com/rdf/simple/0.9': '',
    'http://purl.org/echo': 'atom',
    'http://purl.org/pie': 'atom',
    'http://purl.org/atom/ns#': 'atom',
    'http://purl.org/atom': 'atom',
    'http://www.w3.org/2005/atom': 'atom',
    'http://purl.org/rss/1.0/modules/rss091#': '',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#': 'rdf',
    'http://purl.org/dc/elements/1.0': 'dc',
    'http://purl.org/dc/elements/1.1': 'dc',
    'http://purl.org/dc/terms': 'dcterms',
    'http://purl.org/rss/1.0/modules/content': 'content',
    'http://purl.org/rss/1.0/modules/syndication': 'sy',
    'http://purl.org/rss/1.0/modules/taxonomy': 'taxo',
    'http://purl.org/rss/1.0/modules/slash': 'slash',
    'http://search.yahoo.com/mrss': 'media',
    'http://www.rssboard.org/media-rss': 'media',
    'http://video.search.yahoo.com/mrss': 'media',
    'http://www.itunes.com/dtds/podcast-1.0.dtd': 'itunes',
    'http://podcastindex.org/namespace/1.0': 'podcast',
    'http://www.google.com/schemas/play-podcasts/1.0': 'googleplay',
    'http://rssnamespace.org/feedburner/ext/1.0': 'feedburner',
    'http://www.w3.org/1999/xhtml': 'xhtml',
    'http://www.w3.org/2000/svg': 'svg',
    'http://www.w3.org/1998/math/mathml': 'math',
    'http://www.w3.org/1999/xlink': 'xlink',
    'http://www.w3.org/xml/1998/namespace': 'xml',
    'http://wellformedweb.org/commentapi': 'wfw',
    'http://www.georss.org/georss': 'georss',
    'http://schemas.google.com/g/2005': 'gd',
  }),
);

/** Elements of namespaces that mean nothing to us carry this prefix; the tree leaves them out. */
export const FOREIGN = '?';

const KNOWN = new Set(PREFIX_OF.values());

/** The declarations in force at one element. Names are remembered, since a feed has few and repeats them. */
export interface Scope {
  readonly uris: ReadonlyMap<string, string>;
  readonly names: Map<string, string>;
  /** The namespace of the feed's own elements. */
  readonly home: Home;
}

/** Settled by the root element. */
export interface Home {
  prefix: string;
  uri: string;
  /** How many scopes the document has opened. */
  scopes: number;
}

export function rootScope(): Scope {
  return {
    uris: new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]),
    names: new Map(),
    home: { prefix: '', uri: '', scopes: 0 },
  };
}

const MAX_PREFIXES = 256;

/** The scope inside an element with these attributes. */
export function innerScope(scope: Scope, attributes: ReadonlyMap<string, string>): Scope {
  let uris: Map<string, string> | undefined;
  if (scope.home.scopes >= MAX_SCOPES) return scope;
  for (const [name, value] of attributes) {
    if (!name.startsWith('xmlns') || scope.uris.size >= MAX_PREFIXES) continue;
    const prefix = name === 'xmlns' ? '' : name.slice(6);
    const uri = normalUri(value);
    if (uris === undefined && scope.uris.get(prefix) === uri) continue;
    uris ??= new Map(scope.uris);
    uris.set(prefix, uri);
  }
  if (uris === undefined) return scope;
  scope.home.scopes++;
  return { uris, names: new Map(), home: scope.home };
}

/** The canonical name of an element. */
export function elementName(scope: Scope, raw: string): string {
  let name = scope.names.get(raw);
  if (name === undefined) {
    name = canonicalName(scope, raw.toLowerCase());
    if (scope.names.size < 1000) scope.names.set(raw, name);
  }
  return name;
}

/** Attributes by canonical name: unlike an element's, a name without prefix is in no namespace. */
export function canonicalAttributes(scope: Scope, given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  let hasPrefix = false;
  for (const name of given.keys()) if (name.includes(':')) hasPrefix = true;
  if (!hasPrefix) return given;
  return new Map([...given].map(([name, value]) => [name.includes(':') ? elementName(scope, name) : name, value]));
}

/** The root's namespace is the feed's own, known or not: `<feed xmlns="urn:mine">` is still a feed. */
export function settleHome(scope: Scope, rawRoot: string): void {
  const colon = rawRoot.indexOf(':');
  const uri = scope.uris.get(colon < 0 ? '' : rawRoot.slice(0, colon).toLowerCase()) ?? '';
  scope.home.uri = uri;
  const prefix = PREFIX_OF.get(uri);
  scope.home.prefix = prefix === undefined || prefix === 'rdf' ? '' : prefix;
  scope.names.clear();
}

function canonicalName(scope: Scope, raw: string): string {
  const colon = raw.indexOf(':');
  const given = colon < 0 ? '' : raw.slice(0, colon);
  const local = raw.slice(colon + 1);
  const uri = scope.uris.get(given);
  const prefix =
    uri === undefined ? undeclared(given) : (PREFIX_OF.get(uri) ?? (uri === scope.home.uri ? '' : FOREIGN));
  return prefix === '' || prefix === scope.home.prefix ? local : `${prefix}:${local}`;
}

function undeclared(prefix: string): string {
  return KNOWN.has(prefix) ? prefix : FOREIGN;
}

function normalUri(uri: string): string {
  return uri
    .trim()
    .toLowerCase()
    .replace(/^https:/, 'http:')
    .replace(/\/$/, '');
}
