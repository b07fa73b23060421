import type { CategorySlug } from '../ids.ts';
import type { Scope } from '../ranking/list.ts';
import { WINDOWS } from '../views/keys.ts';
import { accessBox, type BoxSpec, popularBox, type Query, risingBox, textIn, windowIn } from './box-spec.ts';
import { type Tab, WINDOW_NAMES } from './boxes.ts';
import { namesOf } from './cards.ts';
import { readBoxes, renderPage, type Section, type Site } from './site.ts';

/** What has no window is a tab beside the windows: popular is what is read at this moment, rising what is read ever more. */
const SPANS = ['rising', 'now', ...WINDOWS] as const;
type Span = (typeof SPANS)[number];

const SPAN_NAMES: Readonly<Record<Span, string>> = { rising: 'Rising', now: 'Now', ...WINDOW_NAMES };

/** A whole list, or undefined where the category that the query names does not exist. */
export async function rankingPage(site: Site, origin: string, query: Query): Promise<string | undefined> {
  const sections = await site.categories();
  const scope = scopeIn(query, sections);
  if (scope === undefined) return undefined;
  const names = namesOf(sections);
  const span = SPANS.find((known) => known === query['window']) ?? windowIn(query);
  const boxes = await readBoxes(site, [specOf(scope, span)], names);
  const head = {
    title: boxes[0]?.title ?? 'Ranking',
    description: 'What is read most.',
    canonical: `${origin}${hrefOf(scope, span)}`,
  };
  const tabs: Tab[] = SPANS.map((candidate) => ({
    name: SPAN_NAMES[candidate],
    href: hrefOf(scope, candidate),
    fragment: null,
    isCurrent: candidate === span,
  }));
  const choices = sections.map(({ slug, name }) => ({ slug, name, isCurrent: slug === scope }));
  return renderPage(site, 'ranking', head, sections, { span, scope, tabs, choices, boxes });
}

function specOf(scope: Scope, span: Span): BoxSpec {
  if (span === 'now') return popularBox(scope, null, 'long');
  return span === 'rising' ? risingBox(scope, null, 'long') : accessBox(scope, span, null, 'long');
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
