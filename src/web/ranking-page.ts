import type { CategorySlug } from '../ids.ts';
import type { Scope } from '../ranking/list.ts';
import { WINDOWS } from '../views/keys.ts';
import { accessBox, popularBox, type Query, textIn, windowIn } from './box-spec.ts';
import { type Tab, WINDOW_NAMES } from './boxes.ts';
import { namesOf } from './cards.ts';
import { readBoxes, renderPage, type Section, type Site } from './site.ts';

/** Popular has no window: on the page it is the tab of what is read at this moment. */
const NOW = 'now';

/** A whole list, or undefined where the category that the query names does not exist. */
export async function rankingPage(site: Site, origin: string, query: Query): Promise<string | undefined> {
  const sections = await site.categories();
  const scope = scopeIn(query, sections);
  if (scope === undefined) return undefined;
  const names = namesOf(sections);
  const span = query['window'] === NOW ? NOW : windowIn(query);
  const spec = span === NOW ? popularBox(scope, null, 'long') : accessBox(scope, span, null, 'long');
  const boxes = await readBoxes(site, [spec], names);
  const head = {
    title: boxes[0]?.title ?? 'Ranking',
    description: 'What is read most.',
    canonical: `${origin}${hrefOf(scope, span)}`,
  };
  const spans = [NOW, ...WINDOWS] as const;
  const tabs: Tab[] = spans.map((candidate) => ({
    name: candidate === NOW ? 'Now' : WINDOW_NAMES[candidate],
    href: hrefOf(scope, candidate),
    fragment: null,
    isCurrent: candidate === span,
  }));
  const choices = sections.map(({ slug, name }) => ({ slug, name, isCurrent: slug === scope }));
  return renderPage(site, 'ranking', head, sections, { span, scope, tabs, choices, boxes });
}

function scopeIn(query: Query, sections: readonly Section[]): Scope | undefined {
  const category = textIn(query, 'category') as CategorySlug;
  if (category === '') return 'site';
  return sections.find((section) => section.slug === category)?.slug;
}

function hrefOf(scope: Scope, span: string): string {
  const query = new URLSearchParams({ window: span });
  if (scope !== 'site') query.set('category', scope);
  return `/ranking?${query}`;
}
