import { listArticles } from '../articles/store.ts';
import { cardOf, namesOf } from './cards.ts';
import { renderPage, type Site } from './site.ts';

const PAGE_LENGTH = 20;
const QUERY_LENGTH = 200;

/** What was found for `words`; only the form where there are none. */
export async function searchPage(
  site: Site,
  origin: string,
  words: string,
  cursor: string | undefined,
): Promise<string> {
  const q = words.slice(0, QUERY_LENGTH);
  const [sections, page] = await Promise.all([
    site.categories(),
    q === ''
      ? { items: [], next: null }
      : listArticles(site.sql, { q, limit: PAGE_LENGTH, ...(cursor === undefined ? {} : { cursor }) }),
  ]);
  const names = namesOf(sections);
  const head = { title: q === '' ? 'Search' : `Search: ${q}`, canonical: `${origin}/search`, query: q };
  return renderPage(site, 'search', head, sections, {
    q,
    cards: page.items.map((article) => cardOf(article, names, site.dates, site.clock())),
    next: page.next === null ? null : `/search?${new URLSearchParams({ q, cursor: page.next })}`,
  });
}
