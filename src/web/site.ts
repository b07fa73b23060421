import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Settings } from '../../config/settings.ts';
import { openKeptOne } from '../api/kept.ts';
import { type Lists, openLists } from '../api/lists.ts';
import type { Category } from '../articles/article.ts';
import { listLanguages } from '../articles/list-languages.ts';
import { listCategories } from '../articles/store.ts';
import { type Clock, SECOND } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { CategorySlug } from '../ids.ts';
import { present } from '../ranking/store.ts';
import type { AssetUrls } from './assets.ts';
import type { BoxSpec } from './box-spec.ts';
import { type Box, boxOf, type Setting } from './boxes.ts';
import { type Calendar, openCalendar } from './calendar.ts';
import { type CategoryNames, categoryLink, namesOf } from './cards.ts';
import { type Edition, inLanguage, openEditions, type Visit } from './edition.ts';
import { AUTONYMS, LANGUAGES } from './language.ts';

/** What the pages are made from. */
export interface WebTools {
  readonly settings: Pick<Settings, 'SITE_NAME' | 'SITE_TIME_ZONE' | 'RANK_INTERVAL' | 'PUBLIC_URL'>;
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly clock: Clock;
}

/** The tools, and what is opened once for all pages. */
export interface Site extends WebTools {
  readonly calendar: Calendar;
  readonly asset: AssetUrls;
  readonly lists: Lists;
  /** The edition that `?lang=` names, or that Accept-Language asks for. */
  edition(chosen: unknown, accepted: string | undefined): Edition;
  categories(): Promise<readonly Section[]>;
  /** Codes of the languages that there are articles in. */
  languages(): Promise<readonly string[]>;
  /** Renders a template of src/web/templates in an edition. Values are escaped there. */
  render(template: string, edition: Edition, data: object): string;
}

export interface Section extends Category {
  readonly isEmpty: boolean;
}

/** What a page says about itself to the layout. */
export interface PageHead {
  readonly title: string;
  readonly lang?: string | null;
  readonly description?: string;
  /** Path of the page without what only leads here. */
  readonly canonical: string;
  readonly category?: CategorySlug;
  readonly query?: string;
  /** Of this page alone, beside that of all. */
  readonly style?: string;
  readonly article?: {
    readonly id: string;
    readonly image: string | null;
    readonly publishedAt: string;
    readonly updatedAt: string;
    readonly author: string | null;
    readonly section: string | null;
  };
  /** The page's lists and articles as feeds. */
  readonly feeds?: readonly { readonly title: string; readonly href: string }[];
}

const CATEGORIES_FRESH = 2 * SECOND;
const LANGUAGES_FRESH = 60 * SECOND;

export function openSite(tools: WebTools, asset: AssetUrls): Site {
  const templates = new Eta({
    views: fileURLToPath(new URL('./templates/', import.meta.url)),
    cache: true,
    autoEscape: true,
  });
  return {
    ...tools,
    calendar: openCalendar(tools.settings.SITE_TIME_ZONE),
    edition: openEditions(tools.settings.SITE_TIME_ZONE),
    asset,
    lists: openLists(tools),
    // When PostgreSQL is away, pages that need no more of it than these are served as they were.
    categories: openKeptOne(CATEGORIES_FRESH, () => listCategories(tools.sql)),
    languages: openKeptOne(LANGUAGES_FRESH, () => listLanguages(tools.sql)),
    render: (template, { words, language, href, isChosen }, data) =>
      templates.render(`./${template}`, { ...data, words, language, href, isChosen }),
  };
}

/** Renders a whole page: its template inside the layout. */
export function renderPage(
  site: Site,
  { edition, origin, path }: Visit,
  template: string,
  head: PageHead,
  sections: readonly Section[],
  data: object,
): string {
  const names = namesOf(sections);
  const { SITE_NAME, RANK_INTERVAL } = site.settings;
  // A page whose text is an article's is one page, whatever its frame says.
  const canonical = head.article === undefined ? edition.href(head.canonical) : head.canonical;
  const page = {
    ...head,
    canonical: `${origin}${canonical}`,
    siteName: SITE_NAME,
    siteLang: edition.mark(SITE_NAME),
    isFront: template === 'front',
    isRanking: template === 'ranking',
    interval: RANK_INTERVAL,
    today: edition.dates.day(site.clock()),
    editions: LANGUAGES.map((language) => ({
      language,
      name: AUTONYMS[language],
      href: inLanguage(path, language),
      alternate: `${origin}${inLanguage(head.canonical, language)}`,
      isCurrent: language === edition.language,
    })),
    sections: sections
      .filter((section) => !section.isEmpty || section.slug === head.category)
      .map((section) => ({ ...categoryLink(section.slug, names, edition), isCurrent: section.slug === head.category })),
    assets: {
      css: [site.asset('site.css'), ...(head.style === undefined ? [] : [site.asset(head.style)])],
      icon: site.asset('icon.svg'),
      live: site.asset('live.js'),
      beacon: site.asset('beacon.js'),
    },
  };
  return site.render('layout', edition, { page, body: site.render(template, edition, { ...data, page }) });
}

/** Reads the lists that a page shows, all at once; a list that was never published is empty. With `at`, as they stood then. */
export function readBoxes(
  site: Site,
  edition: Edition,
  specs: readonly BoxSpec[],
  names: CategoryNames,
  at?: Date,
): Promise<Box[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const key = { kind: spec.kind, scope: spec.scope, window: spec.window };
      const name = spec.scope === 'site' ? undefined : names.get(spec.scope);
      const snapshot = await (at === undefined ? site.lists.current(key, name) : site.lists.at(key, name, at));
      const limits = { limit: spec.limit, ...(spec.exclude === null ? {} : { exclude: spec.exclude }) };
      return boxOf(spec, present(snapshot, limits), settingOf(site, edition, names), at === undefined);
    }),
  );
}

export function settingOf({ settings, clock }: Site, edition: Edition, names: CategoryNames): Setting {
  return { names, edition, siteName: settings.SITE_NAME, now: clock() };
}
