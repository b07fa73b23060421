import { type Field, fieldOf, viewOf } from './fields.ts';
import { asUtf8 } from './lines.ts';
import type { LineReader, LoggedView } from './logged-view.ts';

const DELIMITERS = [',', ';', '\t'] as const;

/**
 * Reads CSV, a record a line (RFC 4180, without line ends inside quotes), whose first line names the columns, in any
 * order and among others. Times without a zone are of `zone`.
 *
 * Not by a library: none of the columns holds a line end, and for one that allows them a single stray quote swallows what
 * follows. Measured, csv-parse 7 with all its indulgences on gave 1 of 50,001 records behind one.
 */
export function openCsv(zone: string): LineReader {
  let heading: Heading | undefined;
  return (line) => {
    heading ??= headingOf(line);
    if (heading === undefined) return 'invalid';
    // Again at the beginning of each file that was put into one.
    return line === heading.line ? 'heading' : readCells(line, heading, zone);
  };
}

interface Heading {
  readonly line: string;
  readonly columns: readonly (Field | undefined)[];
  readonly delimiter: string;
}

function readCells(
  line: string,
  { columns, delimiter }: Heading,
  zone: string,
): LoggedView | 'invalid' | 'other-request' {
  const cells = cellsOf(line, delimiter);
  if (cells === undefined || cells.length !== columns.length) return 'invalid';
  const fields: Partial<Record<Field, string>> = {};
  columns.forEach((field, i) => {
    const cell = cells[i] ?? '';
    // An empty cell is none.
    if (field !== undefined && cell !== '') fields[field] = asUtf8(cell);
  });
  return viewOf(fields, zone);
}

/** Which field each column is, where the line names the columns of views. */
export function headingOf(line: string): Heading | undefined {
  // A byte order mark, as spreadsheets write it.
  const text = line.startsWith('\xef\xbb\xbf') ? line.slice(3) : line;
  for (const delimiter of DELIMITERS) {
    const columns = cellsOf(text, delimiter)?.map((name) => fieldOf(name));
    const names = columns?.filter((field) => field !== undefined) ?? [];
    const isWhole = names.includes('at') && (names.includes('url') || names.includes('article'));
    if (columns !== undefined && isWhole && new Set(names).size === names.length) return { line, columns, delimiter };
  }
  return undefined;
}

/** The cells of a line; undefined where its quotes are broken. */
function cellsOf(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  for (let from = 0; from <= line.length; ) {
    const isQuoted = line[from] === '"';
    const end = isQuoted ? endOfQuotes(line, from + 1) + 1 : endOfCell(line, from, delimiter);
    if (end === 0 || (end < line.length && line[end] !== delimiter)) return undefined;
    cells.push(isQuoted ? line.slice(from + 1, end - 1).replaceAll('""', '"') : line.slice(from, end));
    from = end + 1;
  }
  return cells;
}

function endOfCell(line: string, from: number, delimiter: string): number {
  const end = line.indexOf(delimiter, from);
  return end === -1 ? line.length : end;
}

/** The quote that closes; -1 where none does. Two of them are one of the text. */
function endOfQuotes(line: string, from: number): number {
  let end = line.indexOf('"', from);
  while (end !== -1 && line[end + 1] === '"') end = line.indexOf('"', end + 2);
  return end;
}
