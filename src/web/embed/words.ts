import type { ListKind, Movement } from '../../ranking/list.ts';
import type { Language } from '../language.ts';

/**
 * What the box says, for the server and for its script alike: `{}` stands for the number or the name that belongs there.
 */
export interface BoxWords {
  /** Of a list of a category; null: as it was published. */
  readonly category: Readonly<Record<ListKind, string>> | null;
  readonly site: Readonly<Record<ListKind, string>> | null;
  readonly moved: Readonly<Record<Movement, string>>;
  readonly fresh: string;
  readonly read: string;
  readonly reads: string;
  readonly empty: string;
  readonly more: string;
}

export const BOX_WORDS: Readonly<Record<Language, BoxWords>> = {
  en: {
    category: null,
    site: null,
    moved: { up: 'Up from {}', down: 'Down from {}', same: 'Unchanged', new: 'New in this list' },
    fresh: 'New',
    read: '{} read',
    reads: '{} reads',
    empty: 'Nothing has been read yet.',
    more: 'The whole list',
  },
  ja: {
    category: { access: '「{}」アクセスランキング', popular: '「{}」人気記事', rising: '「{}」急上昇' },
    site: { access: '{} アクセスランキング', popular: '{} 人気記事', rising: '{} 急上昇' },
    moved: { up: '前回{}位から上昇', down: '前回{}位から下降', same: '変動なし', new: '初登場' },
    fresh: '新',
    read: '{}回',
    reads: '{}回',
    empty: 'まだ閲覧がありません。',
    more: '一覧をすべて見る',
  },
};

export const SYMBOLS: Readonly<Record<Exclude<Movement, 'new'>, string>> = { up: '▲', down: '▼', same: '–' };

export const say = (words: string, what: string | number | null) => words.replace('{}', String(what ?? ''));
