import { inWords } from '../../feeds/explain.ts';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12.3 MB` */
export function bytesInWords(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(value < 10 && power > 0 ? 1 : 0)} ${UNITS[power]}`;
}

export const numberInWords = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** `4 seconds ago`, `in 3 minutes`; a moment is now. */
export function relative(at: Date, now: Date): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  if (Math.abs(seconds) < 2) return 'now';
  return seconds > 0 ? `in ${inWords(seconds)}` : `${inWords(-seconds)} ago`;
}
