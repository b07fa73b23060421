import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Settings } from '../../config/settings.ts';
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
import { type Box, boxOf } from './boxes.ts';
import { type CategoryNames, categoryLink, namesOf } from './cards.ts';
import { type Dates, openDates } from './dates.ts';
import { sharedFor } from './shared.ts';

/** What the pages are made from. */
export interface WebTools {
  readonly settings: Pick<Settings, 'SITE_NAME' | 'SITE_TIME_ZONE' | 'RANK_INTERVAL'>;
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly clock: Clock;
}

/** The tools, and what is opened once for all pages. */
export interface Site extends WebTools {
  readonly dates: Dates;
  readonly asset: AssetUrls;
  readonly lists: Lists;
  categories(): Promise<readonly Section[]>;
  /** Codes of the languages that there are articles in. */
  languages(): Promise<readonly string[]>;
  /** Renders a template of src/web/templates. Values are escaped there. */
  render(template: string, data: object): string;
}

export interface Section extends Category {
  readonly isEmpty: boolean;
}

/** What a page says about itself to the layout. */
export interface PageHead {
  readonly title: string;
  readonly lang?: string | null;
  readonly description?: string;
  /** Absolute URL without what only leads here. */
  readonly canonical: string;
  readonly category?: CategorySlug;
  readonly query?: string;
  readonly article?: { readonly id: string; readonly image: string | null; readonly publishedAt: string };
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
    dates: openDates(tools.settings.SITE_TIME_ZONE),
    asset,
    lists: openLists(tools),
    categories: sharedFor(tools.clock, CATEGORIES_FRESH, () => listCategories(tools.sql)),
    languages: sharedFor(tools.clock, LANGUAGES_FRESH, () => listLanguages(tools.sql)),
    render: (template, data) => templates.render(`./${template}`, data),
  };
}

/** Renders a whole page: its template inside the layout. */
export function renderPage(
  site: Site,
  template: string,
  head: PageHead,
  sections: readonly Section[],
  data: object,
): string {
  const names = namesOf(sections);
  const { SITE_NAME, RANK_INTERVAL } = site.settings;
  const page = {
    ...head,
    siteName: SITE_NAME,
    isFront: template === 'front',
    isRanking: template === 'ranking',
    interval: RANK_INTERVAL,
    today: site.dates.day(site.clock()),
    sections: sections
      .filter((section) => !section.isEmpty || section.slug === head.category)
      .map((section) => ({ ...categoryLink(section.slug, names), isCurrent: section.slug === head.category })),
    assets: {
      css: site.asset('site.css'),
      icon: site.asset('icon.svg'),
      live: site.asset('live.js'),
      beacon: site.asset('beacon.js'),
    },
  };
  return site.render('layout', { page, body: site.render(template, { ...data, page }) });
}

/** Reads the lists that a page shows, all at once; a list that was never published is empty. */
export function readBoxes(site: Site, specs: readonly BoxSpec[], names: CategoryNames): Promise<Box[]> {
  const { lists, clock, dates } = site;
  return Promise.all(
    specs.map(async (spec) => {
      const key = { kind: spec.kind, scope: spec.scope, window: spec.window };
      const snapshot = await lists.current(key, spec.scope === 'site' ? undefined : names.get(spec.scope));
      const limits = { limit: spec.limit, ...(spec.exclude === null ? {} : { exclude: spec.exclude }) };
      return boxOf(spec, present(snapshot, limits), names, dates, clock());
    }),
  );
}
