/** A tag whose name and attributes alone say what becomes of it. */
export interface KnownTag {
  readonly length: number;
  readonly isClosing: boolean;
  /** The element's end tag, '' where the tag must go. */
  readonly end: string;
  readonly isVoid: boolean;
  readonly isBlock: boolean;
  /** What stands for the tag, undefined where it may stay as it was written. */
  readonly written: string | undefined;
}

/**
 * Nine tags in ten are among a few thousand that feeds repeat over and over (`</p>`, `<br>`, `<span class="x">`): looking
 * one up by its source takes a fraction of the time that reading it does.
 */
const known = new Map<string, KnownTag>();
const MAX_KNOWN = 4096;
const MAX_LENGTH = 128;

const SPACE = 0x20;
const LOWER_A = 0x61;

/**
 * Links are as many as all other tags that have attributes, and no two the same. Most are written as they would be here:
 * in order, absolute, with nothing that must be escaped.
 */
const SAFE_LINK =
  /<a(?: class="[\w -]*")? href="https?:\/\/[^\s"&<>]+"(?: rel="[\w -]*")?(?: target="\w+")?(?: title="[^"&<>]*")?>/y;

/** The tag that begins at `at` and goes to the next `>`, where it is known. */
export function knownTag(html: string, at: number, next: number): KnownTag | undefined {
  if (html.charCodeAt(at + 1) === LOWER_A && html.charCodeAt(at + 2) === SPACE) return safeLink(html, at);
  return next - at >= MAX_LENGTH ? undefined : known.get(html.slice(at, next + 1));
}

function safeLink(html: string, at: number): KnownTag | undefined {
  SAFE_LINK.lastIndex = at;
  if (!SAFE_LINK.test(html)) return undefined;
  const length = SAFE_LINK.lastIndex - at;
  return { length, isClosing: false, end: '</a>', isVoid: false, isBlock: false, written: undefined };
}

export function rememberTag(source: string, tag: Omit<KnownTag, 'length'>): void {
  if (source.length > MAX_LENGTH) return;
  if (known.size >= MAX_KNOWN) known.clear();
  // A copy: a slice would keep the whole page in memory.
  known.set(Buffer.from(source, 'utf16le').toString('utf16le'), { ...tag, length: source.length });
}
