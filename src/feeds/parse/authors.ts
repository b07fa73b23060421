import { MAX_AUTHOR } from './limits.ts';
import { type Node, textOf } from './node.ts';
import { lineOf } from './values.ts';

const MAIL = /[^\s<>()@,;:"[\]]{1,64}@[^\s<>()@,;:"[\]]{1,255}/;

/** The name in `mail (Name)`, `Name (mail)`, `Name <mail>`; the address itself only where there is nothing else. */
export function authorName(text: string): string | undefined {
  const line = lineOf(text, MAX_AUTHOR * 2);
  if (line === undefined) return undefined;
  const mail = MAIL.exec(line)?.[0];
  if (mail === undefined) return line;
  const name = line
    .replace(mail, ' ')
    .replace(/mailto:/i, '')
    .replace(/\(\s*\)|<\s*>|\[\s*\]/g, ' ')
    .trim()
    .replace(/^\(([^()]*)\)$/, '$1')
    .replace(/^["'](.*)["']$/, '$1')
    .replace(/[\s,;:<>-]+$/, '')
    .trim();
  return name === '' ? mail : name;
}

/** The strongest first: only one kind is taken, since the others repeat it. */
const KINDS = [
  ['author', 'atom:author'],
  ['dc:creator', 'dc:author'],
  ['itunes:author', 'googleplay:author'],
  ['managingeditor'],
];

/** The authors that an entry or a feed names, each once, in its order. */
export function authorsOf(node: Node): string[] {
  const names = new Set<string>();
  for (const kind of KINDS) {
    for (const element of node.children) {
      if (!kind.includes(element.name)) continue;
      const text = textOf(element, 'name', 'atom:name') ?? textOf(element, 'email', 'atom:email') ?? element.text;
      const name = authorName(text);
      if (name !== undefined) names.add(name);
    }
    if (names.size > 0) break;
  }
  return [...names].slice(0, 32);
}
