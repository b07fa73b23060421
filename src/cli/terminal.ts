import type { Settings } from '../../config/settings.ts';

/** What a verb may use of the process that it runs in. */
export interface Terminal {
  /** Prints a line of the result. */
  print(line: string): void;
  /** Prints lines no faster than they are read, until whoever reads has enough. */
  printAll(lines: AsyncIterable<string>): Promise<void>;
  /** Prints what went wrong. */
  complain(text: string): void;
  /** Tells the user something that is not part of the result; overwritten by the next where a person watches. */
  progress(line: string): void;
  /** Reads what is piped in. */
  readInput(): Promise<string>;
  /** What is piped in, as it comes. */
  inputBytes(): AsyncIterable<Buffer>;
  /** The settings in force as lines, secrets masked. */
  settingsInForce(): string;
  /** The settings, read when a verb needs them, so that `--help` works whatever the environment says. */
  settings(): Settings;
  /** Resolves when the process is asked to stop (SIGTERM, SIGINT). */
  stopAsked(): Promise<string>;
}

/** Rows as a table for people: columns as wide as their longest value. */
export function asTable(rows: readonly Readonly<Record<string, string | number | null>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const texts = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, index) => Math.max(...texts.map((cells) => widthOf(cells[index] ?? ''))));
  return texts
    .map((cells) =>
      cells
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Columns that a text takes on a terminal: two for each wide (East Asian) character. */
function widthOf(text: string): number {
  const wide = text.match(
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu,
  );
  return text.length + (wide?.length ?? 0);
}
