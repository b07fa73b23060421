import { CodedError } from '../../errors.ts';
import { type ArticleId, parseArticleId } from '../../ids.ts';
import type { ImportLedger } from './ledger.ts';
import { asUtf8, detached } from './lines.ts';

/** Targets remembered at a time; then all are forgotten, and asked again. */
const MAX_TARGETS = 300_000;
/** Names that one call asks for. */
const ASKED_AT_ONCE = 1000;
/** Longer ones are of no article (the limit of stored URLs). */
const MAX_URL = 2048;

/** Which articles the targets of views are. */
export interface Targets {
  /** The article's number in this run; -1 for none. Of what the last lookUp was asked for. */
  get(target: string): number;
  lookUp(views: readonly { readonly target: string }[]): Promise<void>;
  id(article: number): ArticleId;
}

/** `site` is what stands before paths: `https://news.example`. */
export function openTargets(ledger: Pick<ImportLedger, 'find'>, site: string | undefined): Targets {
  const known = new Map<string, number>();
  const ids: ArticleId[] = [];
  const numbers = new Map<ArticleId, number>();
  const numberOf = (id: ArticleId): number => {
    const number = numbers.get(id) ?? ids.push(id) - 1;
    numbers.set(id, number);
    return number;
  };
  return {
    get: (target) => known.get(target) ?? -1,
    async lookUp(views) {
      if (known.size > MAX_TARGETS) known.clear();
      const unknown = unknownOf(views, known, site);
      for (let i = 0; i < unknown.length; i += ASKED_AT_ONCE) {
        const part = unknown.slice(i, i + ASKED_AT_ONCE);
        const found = await ledger.find(part.map(({ name }) => name));
        part.forEach(({ target }, j) => {
          const id = found[j] ?? null;
          if (id !== null) known.set(target, numberOf(id));
        });
      }
    },
    id: (article) => ids[article] as ArticleId,
  };
}

/** The targets to ask for; all that are new are known for none until they are found. */
function unknownOf(
  views: readonly { readonly target: string }[],
  known: Map<string, number>,
  site: string | undefined,
) {
  const unknown: { readonly target: string; readonly name: string }[] = [];
  for (const view of views) {
    if (known.has(view.target)) continue;
    const target = detached(view.target);
    const name = nameOf(target, site);
    known.set(target, -1);
    if (name !== '') unknown.push({ target, name });
  }
  return unknown;
}

/** The URL or id that a target stands for; '' for what can be neither. */
function nameOf(target: string, site: string | undefined): string {
  if (parseArticleId(target) !== undefined) return target;
  const text = asUtf8(target.includes('\\') ? unescaped(target) : target);
  const url = absolute(text, site);
  return url.length <= MAX_URL && /^https?:/i.test(url) && URL.canParse(url) ? url : '';
}

function absolute(text: string, site: string | undefined): string {
  if (text.startsWith('//')) return `https:${text}`;
  if (!text.startsWith('/')) return text;
  if (site !== undefined) return site + text;
  throw new CodedError('usage-invalid', 'This log tells paths only. Say of which site: --site https://news.example');
}

/** nginx and Apache write what could break a line as `\x22`; Apache a quote as `\"`. */
function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex: string | undefined, plain: string | undefined) =>
    hex === undefined ? (plain ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
