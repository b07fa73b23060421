/**
 * How values travel, the same for both engines. Each has rules of its own (pg sends dates in the process's zone and
 * reads bigint as text; PGlite refuses a number for a text column), so neither's are used.
 */

/** A parameter as PostgreSQL reads it: bytes stay bytes, everything else becomes text. */
export function encode(value: unknown): string | Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map(encodeElement).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function encodeElement(value: unknown): string {
  // By far the most, and without a look for what most of them do not have.
  if (typeof value === 'string' && !value.includes('"') && !value.includes('\\')) return `"${value}"`;
  if (typeof value === 'number') return String(value);
  const encoded = encode(value);
  if (encoded === null) return 'NULL';
  if (Array.isArray(value)) return String(encoded);
  const text = typeof encoded === 'string' ? encoded : `\\x${Buffer.from(encoded).toString('hex')}`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

type Decode = (text: string) => unknown;

const asText: Decode = (text) => text;

/** `2026-11-23 05:55:00.123+00`, as every session writes it in UTC, in the form that Date takes by its specification. */
const toDate: Decode = (text) => {
  // Without a regular expression: a feed that is polled brings half a dozen of these.
  const bare = text.endsWith('+00') ? text.slice(0, -3) : text;
  return new Date(`${bare.replace(' ', 'T')}Z`);
};

const toBytes: Decode = (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));

const toJson: Decode = (text) => JSON.parse(text);

/** By the OID of the type and of its array type (pg_type.dat of PostgreSQL). What is not here is text. */
const TYPES: readonly (readonly [type: number, array: number, decode: Decode])[] = [
  [16, 1000, (text) => text === 't'],
  [17, 1001, toBytes],
  [20, 1016, Number],
  [21, 1005, Number],
  [23, 1007, Number],
  [25, 1009, asText],
  [26, 1028, Number],
  [114, 199, toJson],
  [700, 1021, Number],
  [701, 1022, Number],
  [1043, 1015, asText],
  // A day has no time zone: it stays text, 2026-11-23.
  [1082, 1182, asText],
  [1114, 1115, toDate],
  [1184, 1185, toDate],
  // numeric, which sum(bigint) and avg() give.
  [1700, 1231, Number],
  [3802, 3807, toJson],
];

const DECODERS = new Map<number, Decode>(
  TYPES.flatMap(([type, array, decode]): [number, Decode][] => [
    [type, decode],
    [array, (text) => decodeArray(text, decode)],
  ]),
);

/** Reads a value of the type with this OID. */
export function decoderOf(type: number): Decode {
  return DECODERS.get(type) ?? asText;
}

/** `{a,"b \"c\"",NULL,{d}}`, which is how PostgreSQL writes arrays, with each element read by `decode`. */
function decodeArray(text: string, decode: Decode): unknown[] {
  if (text === '{}') return [];
  const open: unknown[][] = [[]];
  const add = (value: unknown) => open.at(-1)?.push(value);
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[^{},"]+|[{}]/gs)) {
    if (token === '{') open.push([]);
    else if (token === '}') add(open.pop());
    else if (token === 'NULL') add(null);
    else add(decode(token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/gs, '$1') : token));
  }
  return open[0]?.[0] as unknown[];
}
