import { CodedError } from '../../errors.ts';
import { openAccessLog } from './access-log.ts';
import { headingOf, openCsv } from './csv.ts';
import { FORMATS, type Format } from './formats.ts';
import { openJsonLines } from './json-lines.ts';
import type { LineReader } from './logged-view.ts';

/** Lines that are looked at to tell the format: the first may be broken. */
const SAMPLE = 100;

/** A reader of lines in this format. Times without a zone are of `zone`. */
export function openReader(format: Format, zone: string): LineReader {
  if (format === 'jsonl') return openJsonLines(zone);
  return format === 'csv' ? openCsv(zone) : openAccessLog();
}

/** The format of a log that begins with these lines. Throws CodedError `log-unreadable` where it cannot be told. */
export function detectFormat(lines: readonly string[]): Format {
  const sample = lines.filter((line) => line.trim() !== '').slice(0, SAMPLE);
  if (headingOf(sample[0] ?? '') !== undefined) return 'csv';
  const count = (format: Format) => {
    const read = openReader(format, 'UTC');
    return sample.filter((line) => read(line) !== 'invalid').length;
  };
  const [logged, json] = [count('combined'), count('jsonl')];
  if (logged === 0 && json === 0) {
    throw new CodedError(
      'log-unreadable',
      `This is no log of views, or its format must be named: --format ${FORMATS.join('|')}.`,
    );
  }
  return json > logged ? 'jsonl' : 'combined';
}
