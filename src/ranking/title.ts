import type { ListKey, ListKind } from './list.ts';

/** What titles speak of: the site, and the category where the list is one of a category. */
export interface ListNames {
  readonly siteName: string;
  readonly categoryName?: string;
}

const TITLES: Readonly<Record<ListKind, string>> = {
  access: 'ACCESS RANKING',
  popular: 'POPULAR ARTICLE',
  rising: 'RISING ARTICLE',
};

/** The words over a list, as a newspaper prints them: `"Politics" POPULAR ARTICLE`, `JN ACCESS RANKING`. */
export function listTitle(key: ListKey, { siteName, categoryName }: ListNames): string {
  const scope = key.scope === 'site' ? siteName : `"${categoryName ?? key.scope}"`;
  return `${scope} ${TITLES[key.kind]}`;
}
