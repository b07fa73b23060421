const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a of a text's code units, 32 bits: for counters in memory, where a clash only makes two share one. Of texts as
 * short as an address it costs a third of zlib's crc32, which is called outside JavaScript.
 */
export function fnv1a(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash >>> 0;
}
