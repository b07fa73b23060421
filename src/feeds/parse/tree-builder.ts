import { flat } from './flat.ts';
import { type Items, openItems } from './items.ts';
import { MAX_CHANNEL_NODES, MAX_ENTRY_EXTRAS, MAX_ENTRY_NODES, MAX_MARKUP } from './limits.ts';
import { resolveBase } from './links.ts';
import { closeMarkup, isMarkupElement, isXhtmlElement, openMarkup } from './markup.ts';
import {
  canonicalAttributes,
  elementName,
  FOREIGN,
  innerScope,
  rootScope,
  type Scope,
  settleHome,
} from './namespaces.ts';
import { type Node, newNode } from './node.ts';
import { escapeText, type OwnEntities, resolveReferences } from './references.ts';

/** An open element. Its node is null where nothing of it is kept. */
interface Frame {
  readonly raw: string;
  readonly scope: Scope;
  readonly node: Node | null;
  /** The element whose markup this element is part of. */
  readonly markup: Node | null;
  readonly base: string;
  readonly language: string | null;
}

/** A tree as it grows. */
export interface Builder {
  readonly own: OwnEntities | undefined;
  readonly items: Items;
  readonly stack: Frame[];
  /** How many elements are open by each name, so that an end tag without a start tag costs no search. */
  readonly openNames: Map<string, number>;
  top: Frame;
  root: Node | undefined;
  channel: Node | undefined;
  openItem: Node | null;
  elements: number;
  /** Met of the channel, of the open entry, and of what matters most in it where it has too many. */
  channelNodes: number;
  entryNodes: number;
  essentials: number;
  /** The first element of all, in lower case. */
  first: string | undefined;
}

export type Attributes = ReadonlyMap<string, string>;

const ROOTS = new Set(['rss', 'feed', 'rdf:rdf', 'rdf', 'channel']);
const ITEMS = new Set(['item', 'entry']);

export function newBuilder(url: string, own: OwnEntities | undefined): Builder {
  return {
    own,
    items: openItems(),
    stack: [],
    openNames: new Map(),
    top: { raw: '', scope: rootScope(), node: null, markup: null, base: url, language: null },
    root: undefined,
    channel: undefined,
    openItem: null,
    elements: 0,
    channelNodes: 0,
    entryNodes: 0,
    essentials: 0,
    first: undefined,
  };
}

export function openElement(builder: Builder, raw: string, attributes: Attributes): void {
  builder.elements++;
  builder.first ??= raw.toLowerCase();
  const scope = innerScope(builder.top.scope, attributes);
  if (builder.root === undefined) {
    openRoot(builder, raw, scope, attributes);
    return;
  }
  const name = elementName(scope, raw);
  if (ITEMS.has(name)) closeOpenItem(builder);
  const { top } = builder;
  const base = baseOf(name, attributes, top.base);
  const language = attributes.get('xml:lang') ?? top.language;
  const holder = top.markup ?? (top.node !== null && isMarkupElement(top.node.name) ? top.node : null);
  if (holder !== null) {
    openMarkup(holder, name, attributes, base);
    push(builder, { raw, scope, node: null, markup: holder, base, language });
    return;
  }
  const node = addNode(builder, newNode(name, canonicalAttributes(scope, attributes), base, language));
  push(builder, { raw, scope, node, markup: null, base, language });
}

function openRoot(builder: Builder, raw: string, scope: Scope, attributes: Attributes): void {
  settleHome(scope, raw);
  const name = elementName(scope, raw);
  const base = baseOf(name, attributes, builder.top.base);
  const language = attributes.get('xml:lang') ?? null;
  const node = ROOTS.has(name) ? newNode(name, canonicalAttributes(scope, attributes), base, language) : null;
  builder.root = node ?? undefined;
  if (name === 'channel') builder.channel = node ?? undefined;
  push(builder, { raw, scope, node, markup: null, base, language });
}

/** CDF has an attribute of its own for it. */
const CDF_BASES = new Set(['channel', 'item']);

function baseOf(name: string, attributes: Attributes, outer: string): string {
  const given = attributes.get('xml:base') ?? (CDF_BASES.has(name) ? attributes.get('base') : undefined);
  return given === undefined ? outer : resolveBase(given, outer);
}

function push(builder: Builder, frame: Frame): void {
  builder.openNames.set(frame.raw, (builder.openNames.get(frame.raw) ?? 0) + 1);
  builder.stack.push(builder.top);
  builder.top = frame;
}

/** Entries are collected apart; other elements belong to the element around them, up to so many. */
function addNode(builder: Builder, node: Node): Node | null {
  if (node.name.startsWith(FOREIGN)) return null;
  if (ITEMS.has(node.name)) {
    builder.openItem = node;
    builder.entryNodes = 0;
    builder.essentials = 0;
    return node;
  }
  if (node.name === 'channel' && builder.channel === undefined) {
    builder.channel = node;
    return node;
  }
  const parent = builder.top.node;
  if (parent === null || !hasRoom(builder, node.name)) return null;
  parent.children.push(node);
  return node;
}

const ESSENTIAL = new Set([
  'link',
  'guid',
  'id',
  'pubdate',
  'published',
  'updated',
  'dc:date',
  'author',
  'dc:creator',
  'enclosure',
]);

function hasRoom(builder: Builder, name: string): boolean {
  if (builder.openItem === null) return ++builder.channelNodes <= MAX_CHANNEL_NODES;
  const isEssential = isMarkupElement(name) || ESSENTIAL.has(name);
  return (
    ++builder.entryNodes <= MAX_ENTRY_EXTRAS ||
    (isEssential && ++builder.essentials <= MAX_ENTRY_NODES - MAX_ENTRY_EXTRAS)
  );
}

/** Closes the element of that name with all that is still open inside; an end tag of nothing open means nothing. */
export function closeElement(builder: Builder, raw: string): void {
  if ((builder.openNames.get(raw) ?? 0) === 0) return;
  while (builder.stack.length > 0) {
    const isLast = builder.top.raw === raw;
    closeTop(builder);
    if (isLast) return;
  }
}

export function closeTop(builder: Builder): void {
  const closing = builder.top;
  const outer = builder.stack.pop();
  if (outer === undefined) return;
  builder.top = outer;
  builder.openNames.set(closing.raw, (builder.openNames.get(closing.raw) ?? 1) - 1);
  if (closing.node?.hasMarkup === true) closing.node.text = flat(closing.node.text);
  if (closing.markup !== null) closeMarkup(closing.markup, elementName(closing.scope, closing.raw));
  if (closing.node !== null && closing.node === builder.openItem) {
    builder.openItem = null;
    builder.items.add(closing.node);
  }
}

/** An entry is complete when it closes, also where its end tag is missing and the next one begins or the document ends. */
export function closeOpenItem(builder: Builder): void {
  while (builder.openItem !== null && builder.stack.length > 0) closeTop(builder);
}

/** Adds text to the element that is open; `isVerbatim` in CDATA, where references are none. */
export function addText(builder: Builder, slice: string, isVerbatim: boolean): void {
  const node = builder.top.markup ?? builder.top.node;
  if (node === null || node === builder.openItem || node.text.length > MAX_MARKUP) return;
  const piece = slice.length > MAX_MARKUP ? slice.slice(0, MAX_MARKUP) : slice;
  const text = isVerbatim ? piece : resolveReferences(piece, builder.own);
  const isEscaped = node.hasMarkup && (!isVerbatim || isXhtmlElement(node));
  node.text += isEscaped ? escapeText(text) : text;
}
