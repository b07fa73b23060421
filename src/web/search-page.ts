import { listArticles } from '../articles/list.ts';
import { findFeed } from '../feeds/store.ts';
import { feedId } from '../ids.ts';
import type { Query } from './box-spec.ts';
import { cardOf, categoryLink, namesOf } from './cards.ts';
import type { Visit } from './edition.ts';
import { NO_FORM, queryOf, type SearchForm, searchFormIn, searchUrl } from './search-form.ts';
import { renderPage, type Site } from './site.ts';

const PAGE_LENGTH = 20;

/** What was found for the form in `query`; only the form where it asks for nothing. */
export async function searchPage(site: Site, visit: Visit, query: Query, cursor: string | undefined): Promise<string> {
  const form = searchFormIn(query, site.calendar);
  const asked = queryOf(form, site.calendar);
  const [sections, languages, source, page] = await Promise.all([
    site.categories(),
    site.languages(),
    form.source === '' ? undefined : findFeed(site.sql, feedId(Number(form.source))),
    asked === undefined
      ? { items: [], next: null }
      : listArticles(site.sql, { ...asked, limit: PAGE_LENGTH, ...(cursor !== undefined && { cursor }) }),
  ]);
  const names = namesOf(sections);
  const { edition } = visit;
  const title = form.q === '' ? edition.words.search : edition.words.searchFor(form.q);
  const sourceName = source === undefined ? '' : source.title || source.host;
  return renderPage(site, visit, 'search', { title, canonical: '/search', query: form.q }, sections, {
    form,
    isAsked: asked !== undefined,
    isFiltered: isFiltered(form),
    categories: sections.map(({ slug }) => ({ ...categoryLink(slug, names, edition), value: slug })),
    languages: languages.map((code) => ({ code, name: autonym(code) })),
    withoutFilters: edition.href(searchUrl({ ...NO_FORM, q: form.q })),
    source: source === undefined ? null : { name: sourceName, lang: edition.mark(sourceName, source.language) },
    cards: page.items.map((article) => cardOf(article, names, edition, site.clock())),
    first: cursor === undefined ? null : edition.href(searchUrl(form)),
    next: page.next === null ? null : edition.href(searchUrl(form, page.next)),
  });
}

function isFiltered({ category, language, source, from, to, sort }: SearchForm): boolean {
  return [category, language, source, from, to, sort].some((value) => value !== '');
}

/** A language in its own words: 日本語. */
function autonym(code: string): string {
  try {
    return new Intl.DisplayNames(code, { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
