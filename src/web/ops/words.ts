import type { Edition } from '../edition.ts';
import type { Language } from '../language.ts';
import { OPS_EN, type OpsWords } from './words-en.ts';
import { OPS_JA } from './words-ja.ts';

const WORDS: Readonly<Record<Language, OpsWords>> = { en: OPS_EN, ja: OPS_JA };
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** The ops page in one of its languages. */
export interface OpsEdition extends Pick<Edition, 'language' | 'href' | 'mark'> {
  readonly words: OpsWords;
  /** To mark with what feeds and servers said, which is in English; null where the page is. */
  readonly english: 'en' | null;
}

export function opsEdition({ language, href, mark }: Edition): OpsEdition {
  return { language, href, mark, words: WORDS[language], english: language === 'en' ? null : 'en' };
}

/** `12.3 MB` */
export function bytesInWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(value < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
}

/** `4 s ago`, `in 3 min`; a moment is now. */
export function relative(at: Date, now: Date, { duration, ago, ahead, now: present }: OpsWords): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  if (Math.abs(seconds) < 2) return present;
  return seconds > 0 ? ahead(duration(seconds)) : ago(duration(-seconds));
}
