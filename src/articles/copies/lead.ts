import { plainWords } from './plain.ts';

/** Characters of a summary that count: what follows is cut differently by every site. */
const LENGTH = 400;

/** `TOKYO (Reuters) - `, `LONDON, June 3 (AP) — `, `Reuters - `, `SPACE.com - `, `［ロンドン　１０日　ロイター］`, `【パリ共同】`. */
const DATELINES = [
  /^[\p{Lu}\p{L}\s.,'/-]{0,60}(?:\d{1,2}[\s.,]*)?\([^()]{2,40}\)\s*[-–—]+\s*/u,
  /^\p{Lu}[\p{L}\p{N}.]*(?:\s\p{Lu}[\p{L}\p{N}.]*){0,3}\s+[-–—]+\s+/u,
  /^[\p{Lu}\s.,'-]{3,40}\s*(?:[-–—]{1,2})\s+/u,
  /^[[【〔(（［][^\]】〕)）］]{2,30}[\]】〕)）］]\s*[-:：]?\s*/u,
];

/** What sites add to the end of every summary. */
const TAILS =
  /(?:\[?(?:…|\.\.\.|&hellip;)\]?|(?:read|view|see|continue reading|click here)\b[^.]{0,60}?(?:more|article|story|here|»|→|>)|the post .{0,200} (?:appeared|first appeared) .{0,100}|continue reading.{0,120}|続きを読む.{0,40}|続きはこちら.{0,20}|もっと見る|記事全文を読む|[[(]\+?\d+ chars[\])]|\((?:more|continued)\)|(?:\(|（)続く(?:\)|）))\s*$/iu;

/**
 * The beginning of a summary as it is compared: no dateline, no "read more", the first 400 characters. Empty where the
 * summary only says the title again.
 */
export function leadOf(summary: string, plainTitle: string): string {
  let text = summary
    .slice(0, 3 * LENGTH)
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();
  for (const dateline of DATELINES) {
    const rest = text.replace(dateline, '');
    if (rest.length >= text.length / 2) text = rest;
  }
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(TAILS, '').trim();
  }
  const plain = Array.from(plainWords(text)).slice(0, LENGTH).join('');
  return saysNoMore(plain, plainTitle) ? '' : plain;
}

/** Aggregators write the title and the publisher's name into the summary. */
function saysNoMore(plain: string, title: string): boolean {
  if (title.includes(plain)) return true;
  return plain.startsWith(title) && plain.length - title.length <= 30;
}
