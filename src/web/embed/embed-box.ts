import type { ListItem, ListKey, Snapshot } from '../../ranking/list.ts';
import type { Language } from '../language.ts';
import { languageOf } from '../text.ts';
import { BOX_WORDS, SYMBOLS, say } from './words.ts';

/** A list as other sites show it without scripts. All links are whole. */
export interface EmbedBox {
  readonly title: string;
  readonly language: Language;
  readonly level: number;
  readonly empty: string;
  readonly more: { readonly href: string; readonly words: string };
  readonly rows: readonly EmbedRow[];
}

interface EmbedRow {
  readonly rank: number;
  /** Through us, so that the read is counted as what it is. */
  readonly href: string;
  readonly title: string;
  readonly lang: string | null;
  readonly movement: string;
  readonly symbol: string;
  readonly words: string;
  readonly reads: string;
}

export interface EmbedSetting {
  /** Such as `https://rank.example.com`. */
  readonly base: string;
  readonly siteName: string;
  readonly categoryName: string | undefined;
  readonly language: Language;
  readonly heading: string | undefined;
  readonly level: number;
}

/** `list` is cut to what is to be shown. */
export function embedBox(key: ListKey, list: Snapshot, setting: EmbedSetting): EmbedBox {
  const { base, language, heading, level } = setting;
  const words = BOX_WORDS[language];
  return {
    title: heading || titleOf(key, list, setting),
    ...{ language, level, empty: words.empty },
    more: { href: `${base}/ranking?${new URLSearchParams(pageQuery(key, language))}`, words: words.more },
    rows: list.items.map((item) => rowOf(item, base, language)),
  };
}

function titleOf({ kind }: ListKey, { title }: Snapshot, { language, categoryName, siteName }: EmbedSetting): string {
  const { category, site } = BOX_WORDS[language];
  const form = categoryName === undefined ? site?.[kind] : category?.[kind];
  return form === undefined ? title : say(form, categoryName ?? siteName);
}

function pageQuery({ kind, scope, window }: ListKey, lang: Language): Record<string, string> {
  const span = window ?? (kind === 'rising' ? 'rising' : 'now');
  return { window: span, ...(scope !== 'site' && { category: scope }), lang };
}

function rowOf({ rank, movement, previousRank, reads, article }: ListItem, base: string, language: Language): EmbedRow {
  const words = BOX_WORDS[language];
  return {
    rank,
    href: `${base}/r/${article.id}?ref=box`,
    title: article.title || '–',
    lang: languageOf(article.title, null, language),
    movement,
    symbol: movement === 'new' ? words.fresh : SYMBOLS[movement],
    words: say(words.moved[movement], previousRank),
    reads: say(reads === 1 ? words.read : words.reads, reads.toLocaleString(language)),
  };
}
