import { MAX_KEYWORD, MAX_KEYWORDS } from './limits.ts';
import { attributeOf, type Node } from './node.ts';
import { lineOf } from './values.ts';

const ONE = new Set([
  'category',
  'atom:category',
  'dc:subject',
  'itunes:category',
  'googleplay:category',
  'media:category',
]);
const NESTING = new Set(['itunes:category', 'googleplay:category', 'media:group']);
const MAX_LIST = 8192;
const LIST = new Set(['itunes:keywords', 'media:keywords', 'keywords']);

/** The keywords of an entry in its order, each once, of whatever kind. */
export function categoriesOf(node: Node): string[] {
  const words = new Set<string>();
  collect(node, words);
  return [...words].slice(0, MAX_KEYWORDS);
}

function collect(node: Node, words: Set<string>): void {
  for (const child of node.children) {
    if (words.size >= MAX_KEYWORDS) return;
    if (LIST.has(child.name)) addList(words, child.text);
    else if (ONE.has(child.name)) addWord(words, wordOf(child));
    if (child.children.length > 0 && NESTING.has(child.name)) collect(child, words);
  }
}

function wordOf(node: Node): string | undefined {
  const text = node.text.trim();
  return attributeOf(node, 'term') ?? attributeOf(node, 'text') ?? (text === '' ? attributeOf(node, 'label') : text);
}

function addList(words: Set<string>, text: string): void {
  for (const word of text.slice(0, MAX_LIST).split(',')) addWord(words, word);
}

function addWord(words: Set<string>, text: string | undefined): void {
  const word = lineOf(text, MAX_KEYWORD);
  if (word !== undefined) words.add(word);
}
