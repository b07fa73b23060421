import { listArticles } from '../articles/list.ts';
import type { CategorySlug } from '../ids.ts';
import { accessBox, DEFAULT_WINDOW, popularBox } from './box-spec.ts';
import { cardOf, categoryHref, namesOf } from './cards.ts';
import { readBoxes, renderPage, type Site } from './site.ts';
import { languageOf } from './text.ts';

const PAGE_LENGTH = 20;

/** A category's page, or undefined where there is no such category. */
export async function categoryPage(
  site: Site,
  origin: string,
  slug: CategorySlug,
  cursor: string | undefined,
): Promise<string | undefined> {
  const sections = await site.categories();
  const section = sections.find((candidate) => candidate.slug === slug);
  if (section === undefined) return undefined;
  const names = namesOf(sections);
  const specs = [popularBox(slug, null), accessBox('site', DEFAULT_WINDOW, null)];
  const [page, boxes] = await Promise.all([
    listArticles(site.sql, { category: slug, limit: PAGE_LENGTH, ...(cursor === undefined ? {} : { cursor }) }),
    readBoxes(site, specs, names),
  ]);
  const href = categoryHref(slug);
  const head = {
    title: section.name,
    description: `The latest articles in ${section.name}, and what is read there.`,
    canonical: `${origin}${href}`,
    category: slug,
  };
  return renderPage(site, 'category', head, sections, {
    name: section.name,
    lang: languageOf(section.name, null),
    cards: page.items.map((article) => cardOf(article, names, site.dates, site.clock())),
    first: cursor === undefined ? null : href,
    next: page.next === null ? null : `${href}?cursor=${encodeURIComponent(page.next)}`,
    boxes,
  });
}
