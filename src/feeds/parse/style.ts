/**
 * Properties of CSS 2.1, the aural ones too, and some of later levels, that change how text looks and not where it stands:
 * no position, offset, layer, clipping or transformation, no generated content, nothing that only makes sense with a
 * picture.
 */
const PROPERTIES: ReadonlySet<string> = new Set(
  `
  azimuth background background-color background-x background-y border border-bottom border-bottom-color
  border-bottom-style border-bottom-width border-collapse border-color border-left border-left-color
  border-left-style border-left-width border-radius border-right border-right-color border-right-style
  border-right-width border-spacing border-style border-top border-top-color border-top-style border-top-width
  border-width caption-side clear color cursor direction display elevation empty-cells fill fill-opacity fill-rule
  float font font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style
  list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width
  min-height min-width orphans outline outline-color outline-style outline-width overflow overflow-wrap padding
  padding-bottom padding-left padding-right padding-top page-break-after page-break-before page-break-inside pause
  pause-after pause-before pitch pitch-range richness speak speak-header speak-numeral speak-punctuation speech-rate
  stress stroke stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width table-layout text-align
  text-decoration text-indent text-transform unicode-bidi vertical-align visibility voice-family volume white-space
  widows width word-break word-spacing word-wrap`
    .trim()
    .split(/\s+/),
);

/** Longer ones are no styles that people wrote. */
const MAX_STYLE = 4096;

/**
 * What values are made of, tried in this order where the last piece ended. What is none of them (an escape, another
 * function, a block, a negative length, by which text would leave its place) makes the whole declaration unreadable, and it
 * goes. Each takes time in proportion to what it matches.
 */
const PIECES: readonly (readonly ['left out' | 'comma' | 'piece', RegExp])[] = [
  ['left out', /(?:\s|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))+/y],
  ['piece', /-?[a-z_\u00a1-\uffff][\w\u00a1-\uffff-]{0,63}(?![\w\u00a1-\uffff(-])/iy],
  [
    'piece',
    /\+?(?:\d{1,4}(?:\.\d{1,10})?|\.\d{1,10})(?:px|r?em|ex|ch|p[tc]|in|[cm]m|q|v[wh]|%|deg|g?rad|m?s|k?hz)?(?![\w%.-])/iy,
  ],
  ['piece', /#(?:[\da-f]{8}|[\da-f]{6}|[\da-f]{3,4})(?![\w-])/iy],
  ['piece', /(?:rgb|hsl)a?\([\d\s.,%/]{1,64}\)/iy],
  ['piece', /"[\w\u00a1-\uffff .&+-]{0,64}"|'[\w\u00a1-\uffff .&+-]{0,64}'/y],
  ['comma', /,/y],
  ['piece', /\//y],
  ['left out', /!\s*important(?![\w-])/iy],
  ['left out', /url\((?:"[^"\\]*"|'[^'\\]*'|[^"'()\\]*)\)/iy],
];

/** Feeds write the same few styles over and over. */
const known = new Map<string, string>();
const MAX_KNOWN = 500;
const MAX_KNOWN_LENGTH = 256;

/** The declarations of a `style` attribute that may stay, in one form: `color: red; width: 50%;`. */
export function sanitizeStyle(style: string): string {
  if (style.length > MAX_STYLE) return '';
  const safe = known.get(style) ?? safeDeclarations(style);
  if (known.size < MAX_KNOWN && style.length <= MAX_KNOWN_LENGTH) known.set(style, safe);
  return safe;
}

function safeDeclarations(style: string): string {
  const kept: string[] = [];
  for (const declaration of style.split(';')) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (!PROPERTIES.has(property)) continue;
    const value = safeValue(declaration.slice(colon + 1));
    // What is seen outside of its box can cover what is not the feed's.
    if (value !== '' && !(property === 'overflow' && /visible/i.test(value))) kept.push(`${property}: ${value};`);
  }
  return kept.join(' ');
}

/** The value put together again from its pieces; '' where there is one that must not stay. */
function safeValue(given: string): string {
  let value = '';
  for (let at = 0; at < given.length; ) {
    const [kind, text] = pieceAt(given, at);
    if (text === '') return '';
    at += text.length;
    if (kind === 'left out') value += ' ';
    else value += kind === 'comma' ? ', ' : text;
  }
  return value
    .replace(/\s+/g, ' ')
    .replace(/ (?=[,/])|(?<=\/) /g, '')
    .trim();
}

function pieceAt(value: string, at: number): readonly [kind: string, text: string] {
  for (const [kind, pattern] of PIECES) {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match !== null) return [kind, match[0]];
  }
  return ['none', ''];
}
