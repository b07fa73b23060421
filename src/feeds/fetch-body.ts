import { promisify } from 'node:util';
import zlib, { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { type Failure, failureOf } from './fetch-failure.ts';
import type { FetchLimits } from './http-client.ts';

export type Body = { readonly kind: 'body'; readonly wireBytes: number; readonly bytes: Uint8Array };
export type BodyFailure = Failure & { readonly kind: 'failed'; readonly wireBytes: number };

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

/** Node has it from 22.15 on, and the types that this is checked with do not know it. */
const { zstdDecompress, constants } = zlib as {
  readonly zstdDecompress?: typeof gunzip;
  readonly constants: { readonly ZSTD_d_windowLogMax?: number };
};
const decodeZstd: Decode | undefined = zstdDecompress && limitedZstd(promisify(zstdDecompress));

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
  ...(decodeZstd === undefined ? {} : { zstd: decodeZstd }),
};

/** What we can unpack, and so ask for. */
export const ACCEPT_ENCODING = decodeZstd === undefined ? 'gzip, deflate, br' : 'gzip, deflate, br, zstd';

/** 8 MiB, the largest window that HTTP allows (RFC 9659); left alone, a few bytes could ask for 128 MiB. */
const ZSTD_WINDOW_LOG = 23;

const decodeInflate: Decode = promisify(inflate);
const decodeInflateRaw: Decode = promisify(inflateRaw);

/** More than one encoding is legal and next to never meant well. */
const MAX_ENCODINGS = 2;

export function tooLarge(wireBytes: number, message: string): BodyFailure {
  return { kind: 'failed', failure: 'too-large', message, wireBytes };
}

/** A body as it came over the wire, unpacked within the limits. */
export async function unpack(wire: Uint8Array, encoding: string, limits: FetchLimits): Promise<Body | BodyFailure> {
  const wireBytes = wire.length;
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_ENCODINGS) return tooLarge(wireBytes, 'The body is packed more than twice.');
  // zlib stops at this size by itself, so that a bomb never unfolds beyond it.
  const maxOutputLength = Math.min(limits.decodedBytes, Math.max(limits.ratioFromBytes, wireBytes * limits.ratio));
  let bytes = wire;
  try {
    for (const name of names.reverse()) {
      const decode = decoderOf(name, bytes);
      if (decode !== undefined) bytes = await decode(bytes, { maxOutputLength });
    }
  } catch (error) {
    return { kind: 'failed', ...failureOf(error), wireBytes };
  }
  return { kind: 'body', wireBytes, bytes };
}

function limitedZstd(decode: Decode): Decode {
  const { ZSTD_d_windowLogMax: windowLogMax = 100 } = constants;
  return (bytes, options) => decode(bytes, Object.assign(options, { params: { [windowLogMax]: ZSTD_WINDOW_LOG } }));
}

/** None for what is not packed, whatever the server says: some name `gzip` and send plain text, or `utf-8`. */
function decoderOf(name: string, bytes: Uint8Array): Decode | undefined {
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 0 || (name === 'gzip' && (first !== 0x1f || second !== 0x8b))) return undefined;
  if (name === 'zstd' && (first !== 0x28 || second !== 0xb5)) return undefined;
  // `deflate` means zlib's format by the standard, and the bare one to some servers.
  if (name === 'deflate')
    return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0 ? decodeInflate : decodeInflateRaw;
  return DECODERS[name];
}
