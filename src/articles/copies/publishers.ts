import { readFileSync } from 'node:fs';
import { LRUCache } from 'lru-cache';

const NAMES: { readonly words: readonly string[]; readonly japanese: readonly string[] } = JSON.parse(
  readFileSync(new URL('./publishers.json', import.meta.url), 'utf8'),
);

/** Names of publishers in capitals, as they are written: "the post" in a headline is none. */
const IS_NAMED = new RegExp(`(?:^|[^\\p{L}])(?:${NAMES.words.join('|')})(?![\\p{L}])`, 'u');
const IS_JAPANESE = new RegExp(NAMES.japanese.join('|'), 'iu');
const IS_DOMAIN = /^(?:[\p{L}\p{N}-]+\.)+(?:com?|jp|net|org|info|news|tv|uk|eu|de|fr|in|au|ca|us|io|me)$/iu;

/** A separator and what follows it: ` - Reuters`, ` | Sky News`, `：朝日新聞デジタル`. The dash stands between spaces. */
const TAIL = /(?:\s+[-–—~»·•]\s+|\s*[|｜]\s*|\s*:\s*(?=[^\s:]*\p{Script=Han}[^\s:]*$))([^|｜]{2,40}?)$/u;
const BRACKETED_TAIL = /\s*[([（]([^()[\]（）]{2,40})[)\]）]$/u;

const MAX_TAILS = 3;
const MAX_WORDS = 6;
/** A headline that is left must be one. */
const MIN_LEFT = 6;

/** A title in NFKC without the publishers at its end, those in `learnt` and those that are known by their names. */
export function stripPublishers(title: string, learnt: readonly string[] = []): string {
  let rest = title.trim();
  for (let step = 0; step < MAX_TAILS; step++) {
    const shorter = withoutTail(rest, learnt);
    if (shorter === undefined || shorter.length < MIN_LEFT) return rest;
    rest = shorter;
  }
  return rest;
}

function withoutTail(title: string, learnt: readonly string[]): string | undefined {
  const suffix = learnt.find((one) => title.length > one.length && title.endsWith(one));
  if (suffix !== undefined) return title.slice(0, -suffix.length).trim();
  for (const pattern of [TAIL, BRACKETED_TAIL]) {
    const found = pattern.exec(title);
    if (found?.[1] !== undefined && isPublisher(found[1].trim())) return title.slice(0, found.index).trim();
  }
  return undefined;
}

function isPublisher(name: string): boolean {
  if (name.split(/\s+/).length > MAX_WORDS) return false;
  return IS_DOMAIN.test(name) || isJapanese(name) || IS_NAMED.test(name);
}

/** Their names are parts of words: those that are Latin must begin with a capital. */
function isJapanese(name: string): boolean {
  return IS_JAPANESE.test(name) && /[\p{Script=Han}\p{Script=Katakana}]|^[A-Z]/u.test(name);
}

/** So many titles of a feed are remembered. */
export const RECENT_TITLES = 20;
const MIN_TITLES = 6;
const MAX_SUFFIX = 60;
const SEPARATOR = /\s+[-–—~»·•:]\s|[|｜:：([（【]/gu;

/** The endings that at least half of a feed's last 20 titles have in common, the longest first. Of a few titles, nothing. */
export function learnSuffixes(titles: readonly string[]): string[] {
  const recent = titles.slice(-RECENT_TITLES);
  if (recent.length < MIN_TITLES) return [];
  const seen = new Map<string, number>();
  for (const title of recent) {
    for (const tail of tailsOf(title)) seen.set(tail, (seen.get(tail) ?? 0) + 1);
  }
  return [...seen]
    .filter(([, times]) => times >= recent.length / 2)
    .map(([tail]) => tail)
    .sort((a, b) => b.length - a.length);
}

/** A title is looked at again with each of the next 20 of its feed. */
const known = new LRUCache<string, readonly string[]>({ max: 5000 });

function tailsOf(title: string): readonly string[] {
  const again = known.get(title);
  if (again !== undefined) return again;
  const tails = takeTails(title.normalize('NFKC').trim());
  known.set(title, tails);
  return tails;
}

/** Every ending of a title that begins with a separator. */
function takeTails(title: string): string[] {
  const tails: string[] = [];
  for (const { index } of title.matchAll(SEPARATOR)) {
    const tail = title.slice(index);
    if (index > 0 && tail.length <= MAX_SUFFIX) tails.push(tail);
  }
  return tails;
}
