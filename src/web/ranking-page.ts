import { parseTime } from '../api/time.ts';
import { MINUTE } from '../clock.ts';
import type { CategorySlug } from '../ids.ts';
import type { Scope } from '../ranking/list.ts';
import { PERIODS } from '../ranking/periods.ts';
import { type BoxSpec, type Query, textIn } from './box-spec.ts';
import type { Tab } from './boxes.ts';
import { namesOf } from './cards.ts';
import type { Visit } from './edition.ts';
import { readFinished } from './finished-list.ts';
import { readBoxes, renderPage, type Section, type Site } from './site.ts';
import {
  closedHref,
  feedHref,
  longBox,
  type Moment,
  rankingHref,
  SPAN_STEPS,
  SPANS,
  type Span,
  spanIn,
} from './spans.ts';

/** Past lists are asked for by times of this grid, so that caches see the same ones again. */
const GRID = 5 * MINUTE;

/**
 * A whole list: as it is now, as it stood `at` a time, or of a finished `period` that began at `start`. Undefined where
 * the category that the query names does not exist.
 */
export async function rankingPage(site: Site, visit: Visit, query: Query): Promise<string | undefined> {
  const sections = await site.categories();
  const scope = scopeIn(query, sections);
  if (scope === undefined) return undefined;
  const names = namesOf(sections);
  const { edition } = visit;
  const period = PERIODS.find((known) => known === query['period']);
  const span = period === undefined ? spanIn(query) : '24h';
  const { box, moment, canonical, wall } =
    period === undefined
      ? await readSpan(site, visit, scope, span, query)
      : await readFinished(site, edition, names, { scope, period, start: textIn(query, 'start') });
  const tabs: Tab[] = SPANS.map((candidate) => ({
    name: nameOf(visit, candidate),
    href: edition.href(rankingHref({ scope, span: candidate })),
    fragment: null,
    isCurrent: period === undefined && candidate === span,
  }));
  const periods: Tab[] = PERIODS.map((candidate) => ({
    name: edition.words.periods[candidate],
    href: edition.href(closedHref({ scope, period: candidate })),
    fragment: null,
    isCurrent: candidate === period,
  }));
  const head = {
    title: moment.text === null ? box.title : `${box.title}, ${moment.text}`,
    lang: box.lang,
    description: edition.words.rankingAbout,
    canonical,
    feeds: period === undefined ? [{ title: box.title, href: feedHref(longBox(scope, span)) }] : [],
  };
  return renderPage(site, visit, 'ranking', head, sections, {
    ...{ box, moment, tabs, periods, period, span, wall },
    current: edition.href(rankingHref({ scope, span })),
    embed: period === undefined && moment.text === null ? embedOf(visit, longBox(scope, span), box.title) : null,
    scope: scope === 'site' ? '' : scope,
    choices: sections.map(({ slug, name }) => ({ slug, name, lang: edition.mark(name), isCurrent: slug === scope })),
  });
}

/** What puts the list on another site (docs/box.md). */
function embedOf({ origin, edition }: Visit, { kind, scope, window }: BoxSpec, title: string) {
  const fields = { ...(scope !== 'site' && { category: scope }), ...(window !== null && { window }) };
  const wishes = { ...fields, limit: '5', lang: edition.language };
  const attributes = Object.entries({ kind, ...wishes }).map(([name, value]) => ` ${name}="${value}"`);
  const query = new URLSearchParams(wishes);
  return {
    script: `<script src="${origin}/embed.js" defer></script>\n<news-ranking${attributes.join('')}></news-ranking>`,
    frame: `<iframe src="${origin}/embed/${kind}?${query}" title="${title.replaceAll('"', '&quot;')}" width="320" height="460" style="border: 0; max-width: 100%"></iframe>`,
  };
}

const nameOf = ({ edition: { words } }: Visit, span: Span) =>
  span === 'now' || span === 'rising' ? words[span] : words.windows[span];

async function readSpan(site: Site, { edition }: Visit, scope: Scope, span: Span, query: Query) {
  const names = namesOf(await site.categories());
  const now = site.clock();
  const at = momentIn(site, query, now);
  const [box] = await readBoxes(site, edition, [longBox(scope, span)], names, at);
  if (box === undefined) throw new Error('one list was asked for');
  const hrefAt = (time: Date) => rankingHref({ scope, span, at: site.calendar.wall(time) });
  const near = at ?? new Date(Math.floor(now.getTime() / GRID) * GRID);
  const [earlier, later] = [-1, 1].map((sign) => new Date(near.getTime() + sign * SPAN_STEPS[span]));
  const isNext = later !== undefined && later < now;
  const moment: Moment = {
    text: at === undefined ? null : edition.dates.full(at),
    before: earlier === undefined ? null : edition.href(hrefAt(earlier)),
    after: at === undefined ? null : edition.href(isNext ? hrefAt(later) : rankingHref({ scope, span })),
  };
  const canonical = at === undefined ? rankingHref({ scope, span }) : hrefAt(at);
  return { box, moment, canonical, wall: site.calendar.wall(near) };
}

/** The past time that the query names; undefined for the current list, of which a time to come is no part. */
function momentIn({ calendar }: Site, query: Query, now: Date): Date | undefined {
  const text = textIn(query, 'at');
  const at = calendar.moment(text) ?? parseTime(text);
  return at !== undefined && at < now ? at : undefined;
}

function scopeIn(query: Query, sections: readonly Section[]): Scope | undefined {
  const category = textIn(query, 'category') as CategorySlug;
  if (category === '') return 'site';
  return sections.find((section) => section.slug === category)?.slug;
}
