import type { ArticleId, CategorySlug } from '../ids.ts';
import { type Curation, curationOf, type ListCuration, leavesOut } from './curation.ts';
import { LIST_ITEMS, type ListedArticle, type Scope } from './list.ts';
import { DEPTH, type Entry, mergeScopes, mergeTops, TOP_NAMES, type TopName, type Tops, topsOf } from './top.ts';

/**
 * Where editors leave things out, a list must be looked for deeper than it is long: a site that excludes its most read
 * category from its own lists has nothing but that among its first sixty articles. How deep is not known before, so tops
 * are read four times as deep until enough is left. Where nothing is left out, none of this costs anything.
 */
const GROWTH = 4;
const MAX_DEPTH = DEPTH * GROWTH ** 4;

/** The articles of these ids, those that are known without asking too. */
export type Know = (ids: readonly ArticleId[]) => Promise<ReadonlyMap<ArticleId, ListedArticle>>;

type Read = (categories: readonly CategorySlug[], depth: number) => Promise<Map<CategorySlug, Tops>>;

/** The tops of the categories, as deep as the decisions make it needed for their own lists and for the site's. */
export async function readCuratedTops(
  read: Read,
  categories: readonly CategorySlug[],
  curations: readonly Curation[],
  know: Know,
): Promise<Map<CategorySlug, Tops>> {
  const tops = await read(categories, DEPTH);
  if (!leavesOut(curations)) return tops;
  const { isLeftOut, isExcluded } = judgeOf(curations);
  let open = categories;
  for (let depth = DEPTH; depth < MAX_DEPTH && open.length > 0; ) {
    const articles = await know(open.flatMap((category) => idsOf(tops.get(category))));
    const isShort = (category: CategorySlug, scope: Scope, name: TopName): boolean => {
      const entries = tops.get(category)?.[name] ?? [];
      if (entries.length < depth || (scope === 'site' && isExcluded(name, category))) return false;
      return countLeft(entries, articles, isLeftOut(name, scope)) < LIST_ITEMS;
    };
    open = open.filter((category) =>
      TOP_NAMES.some((name) => isShort(category, category, name) || isShort(category, 'site', name)),
    );
    depth *= GROWTH;
    if (open.length > 0) for (const [category, deeper] of await read(open, depth)) tops.set(category, deeper);
  }
  return tops;
}

/** The site's tops from those of all categories, as deep as the decisions make it needed. */
export async function mergeCurated(scopes: readonly Tops[], curations: readonly Curation[], know: Know): Promise<Tops> {
  if (!leavesOut(curations)) return mergeScopes(scopes);
  const { isLeftOut } = judgeOf(curations);
  const merged = topsOf((name) =>
    mergeTops(
      scopes.map((tops) => tops[name]),
      Number.POSITIVE_INFINITY,
    ),
  );
  const depths = new Map<TopName, number>(TOP_NAMES.map((name) => [name, DEPTH]));
  const cut = (name: TopName) => merged[name].slice(0, depths.get(name));
  for (let open: readonly TopName[] = TOP_NAMES; open.length > 0; ) {
    const articles = await know(open.flatMap((name) => cut(name).map(({ id }) => id)));
    open = open.filter((name) => {
      const entries = cut(name);
      if (entries.length === merged[name].length) return false;
      return countLeft(entries, articles, isLeftOut(name, 'site')) < LIST_ITEMS;
    });
    for (const name of open) depths.set(name, (depths.get(name) ?? DEPTH) * GROWTH);
  }
  return topsOf(cut);
}

type Test = ListCuration['isLeftOut'];

function judgeOf(curations: readonly Curation[]) {
  const kindOf = (name: TopName) => (name.startsWith('popular') ? 'popular' : 'access');
  const tests = new Map<string, Test>();
  return {
    isLeftOut(name: TopName, scope: Scope): Test {
      const key = `${kindOf(name)} ${scope}`;
      const test = tests.get(key) ?? curationOf({ kind: kindOf(name), scope }, curations).isLeftOut;
      tests.set(key, test);
      return test;
    },
    /** Whether the site's list leaves the whole category out, so that nothing of it is to be looked for. */
    isExcluded: (name: TopName, category: CategorySlug): boolean =>
      curations.some(
        (it) =>
          it.action === 'exclude' &&
          it.target === 'category' &&
          it.value === category &&
          (it.kind ?? kindOf(name)) === kindOf(name) &&
          (it.scope ?? 'site') === 'site',
      ),
  };
}

function countLeft(
  entries: readonly Entry[],
  articles: ReadonlyMap<ArticleId, ListedArticle>,
  isLeftOut: Test,
): number {
  return entries.filter(({ id }) => {
    const article = articles.get(id);
    return article !== undefined && !isLeftOut(article);
  }).length;
}

function idsOf(tops: Tops | undefined): ArticleId[] {
  return tops === undefined ? [] : TOP_NAMES.flatMap((name) => tops[name].map(({ id }) => id));
}
