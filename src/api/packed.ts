import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** Below that an answer fits one packet as it is. */
const THRESHOLD = 1024;
/** Half the time of zlib's best, and within a few percent of its size. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** A text, and the same compressed: each made once, when it is first asked for. */
export interface Packed {
  /** The text, compressed as the caller takes it (Accept-Encoding, RFC 9110) and as is worth it. */
  for(accepted: string | undefined): { readonly encoding: Encoding | undefined; readonly body: string | Buffer };
}

export function packed(text: string): Packed {
  const made = new Map<Encoding, Buffer>();
  const isShort = Buffer.byteLength(text) < THRESHOLD;
  return {
    for(accepted) {
      const encoding = isShort ? undefined : encodingIn(accepted);
      if (encoding === undefined) return { encoding, body: text };
      const body = made.get(encoding) ?? (encoding === 'br' ? brotliCompressSync(text, BROTLI) : gzipSync(text));
      made.set(encoding, body);
      return { encoding, body };
    },
  };
}

/** Browsers know a handful of headers, and taking one apart costs a tenth of an answer. */
const MAX_KNOWN = 100;
const known = new Map<string, Encoding | undefined>();

/** Brotli where it is taken, else gzip; what the caller refuses (`q=0`) is not taken. */
export function encodingIn(accepted = ''): Encoding | undefined {
  if (known.has(accepted)) return known.get(accepted);
  const encoding = readEncoding(accepted);
  if (known.size < MAX_KNOWN) known.set(accepted, encoding);
  return encoding;
}

function readEncoding(accepted: string): Encoding | undefined {
  const wishes = accepted.toLowerCase().split(',');
  const isTaken = (name: Encoding) =>
    wishes.some((wish) => {
      const [coding, ...parameters] = wish.split(';').map((part) => part.trim());
      return coding === name && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    });
  return isTaken('br') ? 'br' : isTaken('gzip') ? 'gzip' : undefined;
}
