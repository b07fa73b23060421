import { type DefaultTreeAdapterTypes, parse, parseFragment, serialize } from 'parse5';
import {
  allowedAttribute,
  foreignElement,
  isAllowedElement,
  LINK_SCHEMES,
} from '../../../src/feeds/parse/allow-list.ts';

type Node = DefaultTreeAdapterTypes.ChildNode;
type Element = DefaultTreeAdapterTypes.Element;

const XHTML = 'http://www.w3.org/1999/xhtml';
/** Written down once more, so that a slip in the product's own list is noticed. */
const NEVER = new Set(
  `animate animatemotion animatetransform applet base basefont bgsound body dialog discard embed feimage foreignobject frame
  frameset handler head html iframe image import layer link listener marquee meta noembed noframes object param plaintext
  portal script set slot style template use xml xmp`.split(/\s+/),
);
/** What the parser adds by itself. */
const IMPLIED = new Set(['html', 'head', 'body']);
const NEVER_ATTRIBUTES =
  /^(?:on.*|srcdoc|srcset|formaction|ping|is|slot|nonce|popover.*|command.*|autofocus|autoplay|http-equiv|content|data-.*|xml:base|actiontype|attributename|values|to)$/i;
const ADDRESSES = new Set(
  'action background cite data datasrc dynsrc href icon itemid itemtype longdesc lowsrc poster src urn usemap xlink:href'.split(
    ' ',
  ),
);
const UNSAFE_STYLE =
  /position|z-index|url|expression|behaviou?r|binding|import|content|transform|inset|clip|filter|mask|animation|var|calc|visible|[\\<>{}@]|(?:^|[\s:,])-[\d.]/i;

/**
 * What a browser would find in this HTML that must not be there, by a parser that is not the product's: with scripts
 * on and off, as a fragment and as a page, and after it was written and read again, twice.
 */
export function unsafeParts(html: string): string[] {
  const found: string[] = [];
  for (const scriptingEnabled of [true, false]) {
    let written = html;
    for (let round = 0; round < 3; round++) {
      const fragment = parseFragment(written, { scriptingEnabled });
      for (const node of fragment.childNodes) collect(node, found, false);
      for (const node of parse(written, { scriptingEnabled }).childNodes) collect(node, found, true);
      written = serialize(fragment, { scriptingEnabled });
    }
  }
  return [...new Set(found)];
}

function collect(node: Node, found: string[], isPage: boolean): void {
  if (node.nodeName === '#comment' || node.nodeName === '#documentType') found.push(node.nodeName);
  if (!('tagName' in node)) return;
  const isImplied = isPage && IMPLIED.has(node.tagName);
  if (!isImplied && !isAllowed(node)) found.push(`<${node.tagName}>`);
  for (const { name, prefix, value } of node.attrs) {
    const full = prefix === undefined || prefix === '' ? name : `${prefix}:${name}`;
    if (isImplied || !isSafeAttribute(node, full, value)) found.push(`<${node.tagName} ${full}=${value}>`);
  }
  for (const child of node.childNodes) collect(child, found, isPage);
}

function isAllowed({ tagName, namespaceURI }: Element): boolean {
  const name = tagName.toLowerCase();
  if (NEVER.has(name)) return false;
  // An element of SVG that stands where a browser takes it for HTML has no meaning there, or that of text.
  return namespaceURI === XHTML
    ? isAllowedElement(name) || foreignElement(name) !== undefined
    : foreignElement(name) !== undefined || isAllowedElement(name);
}

function isSafeAttribute(element: Element, name: string, value: string): boolean {
  const lower = name.toLowerCase();
  if (NEVER_ATTRIBUTES.test(lower)) return false;
  if (lower === 'style') return !UNSAFE_STYLE.test(value);
  if (lower === 'xmlns' || lower === 'xmlns:xlink') return value.startsWith('http://www.w3.org/');
  if (ADDRESSES.has(lower) && !isSafeAddress(value)) return false;
  // Attributes of SVG are CSS too; elsewhere `image` is a word, as in the `type` of an input.
  const isCss = element.namespaceURI !== XHTML && !ADDRESSES.has(lower) && lower !== 'title';
  if (isCss && /(?:url|image|set)\s*\(|\\/i.test(value)) return false;
  return (allowedAttribute(lower, false) ?? allowedAttribute(lower, true)) !== undefined;
}

function isSafeAddress(value: string): boolean {
  if (!URL.canParse(value, 'https://base.test/')) return true;
  return LINK_SCHEMES.has(new URL(value, 'https://base.test/').protocol.slice(0, -1));
}
