/** An element as the tree keeps it. Names are canonical (namespaces.ts); nothing is looked up on an object's prototype. */
export interface Node {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Node[];
  /** Text directly inside, references resolved; of an element that may hold markup, the markup. */
  text: string;
  /** Whether elements were found inside an element that may hold markup; `text` is HTML then. */
  hasMarkup: boolean;
  /** What relative references inside are resolved against: `xml:base`, or the document's own URL. */
  readonly base: string;
  readonly language: string | null;
}

export interface Tree {
  readonly format: 'rss' | 'rdf' | 'atom';
  /** Name, version and namespace of the root, as far as they tell dialects apart. */
  readonly root: Node;
  readonly isAtom03: boolean;
  readonly channel: Node;
  readonly items: readonly Node[];
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export function newNode(
  name: string,
  attributes: ReadonlyMap<string, string> = NO_ATTRIBUTES,
  base = '',
  language: string | null = null,
): Node {
  return { name, attributes, children: [], text: '', hasMarkup: false, base, language };
}

export function childOf(node: Node | undefined, name: string): Node | undefined {
  return node?.children.find((child) => child.name === name);
}

/** The trimmed text of the first child of that name that has any. */
export function textOf(node: Node | undefined, ...names: string[]): string | undefined {
  if (node === undefined) return undefined;
  for (const name of names) {
    for (const child of node.children) {
      if (child.name !== name) continue;
      const text = child.text.trim();
      if (text !== '') return text;
    }
  }
  return undefined;
}

export function attributeOf(node: Node | undefined, name: string): string | undefined {
  const value = node?.attributes.get(name)?.trim();
  return value === '' ? undefined : value;
}
