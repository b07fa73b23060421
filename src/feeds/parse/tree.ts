import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { readDoctype } from './doctype.ts';
import { MAX_ATTRIBUTE_LENGTH, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_ITEMS_READ } from './limits.ts';
import { childOf, type Node, type Tree } from './node.ts';
import { resolveReferences } from './references.ts';
import {
  type Attributes,
  addText,
  type Builder,
  closeElement,
  closeOpenItem,
  closeTop,
  newBuilder,
  openElement,
} from './tree-builder.ts';

export type TreeResult =
  | { readonly kind: 'tree'; readonly tree: Tree }
  /** No root of a feed was met; `first` is the first element, in lower case. */
  | { readonly kind: 'none'; readonly first: string | undefined };

const NO_ATTRIBUTES: Attributes = new Map();

/**
 * One pass over XML, well-formed or not, into a bounded tree: the channel, the newest entries, and in each the elements
 * that mean something to us. Elements that may hold markup are kept as HTML in document order.
 */
export function readTree(xml: string, url: string): TreeResult {
  const { text, own } = readDoctype(xml);
  const builder = newBuilder(url, own);
  let tag = '';
  let attribute = '';
  let value = '';
  let attributes: Map<string, string> | undefined;

  const callbacks: TokenizerCallbacks = {
    onopentagname(start, end) {
      tag = text.slice(start, end);
      attributes = undefined;
    },
    onattribname(start, end) {
      attribute = text.slice(start, end).toLowerCase();
      value = '';
    },
    onattribdata(start, end) {
      if (value.length < MAX_ATTRIBUTE_LENGTH) value += text.slice(start, Math.min(end, start + MAX_ATTRIBUTE_LENGTH));
    },
    onattribend() {
      attributes ??= new Map();
      if (attributes.size < MAX_ATTRIBUTES && !attributes.has(attribute)) {
        attributes.set(attribute, resolveReferences(value, own));
      }
    },
    onopentagend() {
      if (isEnough(builder)) tokenizer.pause();
      else openElement(builder, tag, attributes ?? NO_ATTRIBUTES);
    },
    onselfclosingtag() {
      if (isEnough(builder)) {
        tokenizer.pause();
        return;
      }
      openElement(builder, tag, attributes ?? NO_ATTRIBUTES);
      closeTop(builder);
    },
    onclosetag(start, end) {
      closeElement(builder, text.slice(start, end).trimEnd());
    },
    ontext(start, end) {
      if (isWanted(builder)) addText(builder, text.slice(start, end), false);
    },
    oncdata(start, end, offset) {
      if (isWanted(builder)) addText(builder, text.slice(start, end - offset), true);
    },
    onend() {},
    onattribentity() {},
    ontextentity() {},
    oncomment() {},
    ondeclaration() {},
    onprocessinginstruction() {},
  };
  const tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: false }, callbacks);
  Object.assign(tokenizer, { fastForwardTo });
  tokenizer.write(text);
  // Where it was stopped (too deep, too much, or a page), what was read until then counts.
  if (tokenizer.running) tokenizer.end();
  closeOpenItem(builder);

  const { root, first } = builder;
  if (root === undefined) return { kind: 'none', first };
  return {
    kind: 'tree',
    tree: treeOf(root, builder.channel ?? childOf(root, 'channel') ?? root, builder.items.newest()),
  };
}

function isEnough(builder: Builder): boolean {
  const isTooMuch = builder.stack.length >= MAX_DEPTH || builder.elements >= MAX_ELEMENTS;
  return isTooMuch || builder.items.seen() >= MAX_ITEMS_READ || builder.first === 'html';
}

function isWanted(builder: Builder): boolean {
  return builder.top.node !== null || builder.top.markup !== null;
}

/**
 * In place of the tokenizer's own loop over characters: text and CDATA are most of a feed, and V8's search is ten times
 * as fast. The members are private to htmlparser2's types; its version is pinned.
 */
function fastForwardTo(this: { buffer: string; index: number; offset: number }, code: number): boolean {
  const found = this.buffer.indexOf(String.fromCharCode(code), this.index + 1 - this.offset);
  this.index = this.offset + (found < 0 ? this.buffer.length - 1 : found);
  return found >= 0;
}

function treeOf(root: Node, channel: Node, items: readonly Node[]): Tree {
  const isAtom = root.name === 'feed';
  const version = root.attributes.get('version') ?? '';
  const uri = root.attributes.get('xmlns') ?? '';
  const isAtom03 = isAtom && (version.startsWith('0.') || /purl\.org\/(?:atom|pie|echo)/i.test(uri));
  const format = isAtom ? 'atom' : root.name.endsWith('rdf') ? 'rdf' : 'rss';
  return { format, root, isAtom03, channel, items };
}
