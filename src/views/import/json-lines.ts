import { FIELDS, type Field, viewOf } from './fields.ts';
import { asUtf8 } from './lines.ts';
import type { LineReader } from './logged-view.ts';

const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/**
 * Reads lines such as `{"url":"https://…","at":"2026-01-31T12:00:00Z","visitor":"…"}`, with `article` (an id) instead
 * of `url`, and `address` and `userAgent` instead of `visitor`. Times without a zone are of `zone`.
 */
export function openJsonLines(zone: string): LineReader {
  return (line) => {
    const value = parse(line);
    const fields = typeof value === 'object' && value !== null ? fieldsOf(value as Record<string, unknown>) : undefined;
    return fields === undefined ? 'invalid' : viewOf(fields, zone);
  };
}

/** Undefined where a field is neither text nor number. */
function fieldsOf(value: Readonly<Record<string, unknown>>): Partial<Record<Field, string>> | undefined {
  const fields: Partial<Record<Field, string>> = {};
  for (const field of FIELDS) {
    const part = Object.hasOwn(value, field) ? (value[field] ?? '') : '';
    if (typeof part !== 'string' && typeof part !== 'number') return undefined;
    if (part !== '') fields[field] = String(part);
  }
  return fields;
}

function parse(line: string): unknown {
  try {
    // Editors and shells of Windows put a byte order mark before the first.
    return JSON.parse(asUtf8(line.startsWith(BYTE_ORDER_MARK) ? line.slice(BYTE_ORDER_MARK.length) : line));
  } catch {
    return undefined;
  }
}
