import { type CategorySlug, categorySlug } from '../ids.ts';
import type { Attributes } from './opml-attributes.ts';

/** Where a feed stands in an OPML file: in which folders, outermost first, and the how many-th of all it is. */
export interface Place {
  readonly folders: readonly string[];
  readonly position: number;
  /** What the file says of each of the folders beyond its name. */
  readonly attributes?: readonly Attributes[];
}

/** What an OPML file says of a feed beyond what newsrank uses; kept, so that an export gives it back. */
export interface KeptOutline {
  /** The name that its reader gave it, where that is another than its title. */
  readonly text?: string;
  readonly description?: string;
  /** The attribute as it stands there. */
  readonly category?: string;
  readonly places?: readonly Place[];
  readonly attributes?: Attributes;
}

/** A feed as an OPML file names it. */
export interface OpmlFeed {
  readonly url: string;
  readonly title: string;
  readonly siteUrl: string | null;
  readonly language: string | null;
  /** Names of all the folders that it lies in, and of its `category` attribute, outermost first. */
  readonly categories: readonly string[];
  readonly outline: KeptOutline;
}

/** `/Boston/Weather,Harvard` → Boston, Weather, Harvard: OPML 2.0 separates by commas, and paths by slashes. */
export function categoriesIn(attribute: string): string[] {
  return attribute
    .split(',')
    .flatMap((path) => (path.trim().startsWith('/') ? path.split('/') : [path]))
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/**
 * Where to write the feed, and its `category` attribute: as it came, as far as it still is in those categories, and in a
 * folder on top for each category that is named by neither. Feeds that never were in a file come last.
 */
export function arrangeOutline({ categories, outline }: OpmlFeed): { places: readonly Place[]; category?: string } {
  const current = slugsOf(categories);
  const isCurrent = (names: readonly string[]) => [...slugsOf(names)].every((slug) => current.has(slug));
  const attribute = outline.category ?? '';
  const named = isCurrent(categoriesIn(attribute)) ? attribute : '';
  const kept = (outline.places ?? []).filter(({ folders }) => isCurrent(folders));
  const position = kept.at(-1)?.position ?? Number.MAX_SAFE_INTEGER;
  const known = slugsOf([...kept.flatMap(({ folders }) => folders), ...categoriesIn(named)]);
  const others = categories.filter((name) => !known.has(categorySlug(name)));
  const places = [
    ...kept.filter(({ folders }) => folders.length > 0 || others.length === 0),
    ...others.map((name) => ({ folders: [name], position })),
  ];
  return {
    places: places.length > 0 ? places : [{ folders: [], position }],
    ...(named !== '' && { category: named }),
  };
}

function slugsOf(names: readonly string[]): ReadonlySet<CategorySlug> {
  return new Set(names.map((name) => categorySlug(name)));
}
