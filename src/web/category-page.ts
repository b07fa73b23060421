import { listArticles } from '../articles/list.ts';
import type { CategorySlug } from '../ids.ts';
import { accessBox, DEFAULT_WINDOW, popularBox } from './box-spec.ts';
import { cardOf, categoryHref, namesOf } from './cards.ts';
import type { Visit } from './edition.ts';
import { readBoxes, renderPage, type Site } from './site.ts';
import { feedHref } from './spans.ts';

const PAGE_LENGTH = 20;

/** A category's page, or undefined where there is no such category. */
export async function categoryPage(
  site: Site,
  visit: Visit,
  slug: CategorySlug,
  cursor: string | undefined,
): Promise<string | undefined> {
  const sections = await site.categories();
  const section = sections.find((candidate) => candidate.slug === slug);
  if (section === undefined) return undefined;
  const names = namesOf(sections);
  const { edition } = visit;
  const { name } = section;
  const specs = [popularBox(slug, null), accessBox('site', DEFAULT_WINDOW, null)];
  const [page, boxes] = await Promise.all([
    listArticles(site.sql, { category: slug, limit: PAGE_LENGTH, ...(cursor === undefined ? {} : { cursor }) }),
    readBoxes(site, edition, specs, names),
  ]);
  const href = categoryHref(slug);
  const head = {
    title: name,
    lang: edition.mark(name),
    description: edition.words.categoryAbout(name),
    canonical: href,
    category: slug,
    feeds: [
      { title: name, href: `/v1/articles.atom?category=${encodeURIComponent(slug)}` },
      ...boxes.slice(0, 1).map((box) => ({ title: box.title, href: feedHref(popularBox(slug, null)) })),
    ],
  };
  return renderPage(site, visit, 'category', head, sections, {
    name,
    lang: head.lang,
    cards: page.items.map((article) => cardOf(article, names, edition, site.clock())),
    first: cursor === undefined ? null : edition.href(href),
    next: page.next === null ? null : edition.href(`${href}?cursor=${encodeURIComponent(page.next)}`),
    boxes,
  });
}
