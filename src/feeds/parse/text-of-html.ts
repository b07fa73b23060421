import { BLOCK_ELEMENTS, SILENT_ELEMENTS } from './allow-list.ts';
import { newScanner, type Scanner, scan, skipElement } from './scan-html.ts';
import { addText, newPieces, type TextPieces, textOfPieces } from './text.ts';

/** The text of HTML alone. */
export function textOfHtml(html: string): string {
  const scanner = newScanner(html);
  const pieces = newPieces();
  while (scan(scanner)) {
    if (scanner.kind === 'text') addScanned(pieces, scanner);
    else if (BLOCK_ELEMENTS.has(scanner.name)) pieces.isAtBreak = true;
    if (scanner.kind === 'open' && SILENT_ELEMENTS.has(scanner.name)) skipElement(scanner, scanner.name);
  }
  return textOfPieces(pieces);
}

/** Adds the text that was scanned last. */
export function addScanned(pieces: TextPieces, { html, inner, start, at }: Scanner): void {
  if (inner === undefined) addText(pieces, html, start, at);
  else addText(pieces, inner, 0, inner.length);
}
