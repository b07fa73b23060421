/** Embeddings and overrides, which PDF ends, and isolates, which PDI ends. */
const PDF = '\u202c';
const PDI = '\u2069';
const ENDS: Readonly<Record<string, string>> = {
  ...{ '\u202a': PDF, '\u202b': PDF, '\u202d': PDF, '\u202e': PDF },
  ...{ '\u2066': PDI, '\u2067': PDI, '\u2068': PDI },
};
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;
/** Nobody writes so deep; what is opened beyond is left out with its end, or ends would make a text much longer. */
const MAX_OPEN = 16;

/**
 * Text that turns nothing round that stands beside it. An Arabic or Hebrew title may need its characters for direction, and
 * keeps them; but one that is left open would go on over the source and the time behind it, and an end without a beginning
 * would end what isolates the text on a page. So each line ends what it opens, and no more: a line is how far they reach.
 */
export function closeDirections(text: string): string {
  return CONTROLS.test(text) ? text.replace(/[^\n]+/g, closeLine) : text;
}

interface Opened {
  readonly end: string;
  readonly isKept: boolean;
}

function closeLine(line: string): string {
  const open: Opened[] = [];
  let closed = '';
  for (const character of line) if (isInPlace(character, open)) closed += character;
  for (const { end, isKept } of open.reverse()) if (isKept) closed += end;
  return closed;
}

/** Whether the character may stand after what is open; opens or closes what it does. */
function isInPlace(character: string, open: Opened[]): boolean {
  const end = ENDS[character];
  if (end !== undefined) return open.push({ end, isKept: open.length < MAX_OPEN }) <= MAX_OPEN;
  if (character === PDF) return open.at(-1)?.end === PDF && open.pop()?.isKept === true;
  if (character !== PDI) return true;
  // Of an isolate, the end is that of all embeddings inside as well.
  const from = open.findLastIndex((opened) => opened.end === PDI);
  return from >= 0 && open.splice(from)[0]?.isKept === true;
}
