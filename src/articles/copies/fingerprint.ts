import type { Comparable } from './comparable.ts';
import { bandsOf, joinSignatures, signatureOf } from './minhash.ts';
import { isCjk } from './plain.ts';
import { fmix32 } from './shingles.ts';

/** Of the title alone, beside those of title and summary: articles with a title in common and little else. */
const TITLE_SIGNATURE = 32;
const TITLE_SALT = 0x7469746c;
const LEAD_SALT = 0x6c656164;
/** Characters at the beginning of a summary that stand for it where one site cuts it shorter than another. */
const BEGINNING = { latin: 48, cjk: 20 };

/**
 * The keys by which an article is found: two that may be copies have one in common. A key for the whole title, one for the
 * beginning of the summary, 32 bands of title and summary, 8 of the title alone. Keys of different kinds may collide by
 * chance; what they find is decided exactly.
 */
export function fingerprintOf(text: Comparable): number[] {
  const title = signatureOf(text.titleShingles);
  const ofTitle = text.lead === '' ? [] : bandsOf(title.subarray(0, TITLE_SIGNATURE));
  const bands = bandsOf(text.lead === '' ? title : joinSignatures(title, signatureOf(text.leadShingles)));
  return [...new Set([keyOf(text.title, TITLE_SALT), ...leadKeys(text.lead), ...bands, ...ofTitle])];
}

function leadKeys(lead: string): number[] {
  const beginning = lead.slice(0, isCjk(lead) ? BEGINNING.cjk : BEGINNING.latin);
  return beginning.length < lead.length ? [keyOf(beginning, LEAD_SALT)] : [];
}

function keyOf(text: string, salt: number): number {
  let hash = salt;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return fmix32(hash) | 0;
}
