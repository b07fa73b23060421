import { openKeptOne } from '../api/kept.ts';
import type { Article } from '../articles/article.ts';
import { listArticles } from '../articles/list.ts';
import { SECOND } from '../clock.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import type { WindowId } from '../views/keys.ts';
import { accessBox, popularBox } from './box-spec.ts';
import { type Card, cardOf, categoryLink, type Link, namesOf } from './cards.ts';
import type { Edition, Visit } from './edition.ts';
import { readBoxes, renderPage, type Section, type Site } from './site.ts';
import { feedHref } from './spans.ts';

/** The newest articles of the site and of its first sections, as stored. */
interface News {
  readonly latest: readonly Article[];
  readonly sections: readonly { readonly section: Section; readonly articles: readonly Article[] }[];
}

export interface FrontPage {
  /** The page, with the access ranking of `window`. */
  page(visit: Visit, window: WindowId): Promise<string>;
  /** What is new, without the article that leads the reader's page. */
  latest(edition: Edition, lead: ArticleId | null): Promise<string>;
}

interface Block {
  readonly link: Link;
  readonly cards: readonly Card[];
}

const NEWS_FRESH = SECOND;
const LATEST_READ = 24;
const LATEST_SHOWN = 7;
const SECTIONS_SHOWN = 8;
const SECTION_SHOWN = 4;
/** Read beyond what is shown, since an article that stands in two sections is shown in one. */
const SECTION_READ = 10;
const LEAD_SUMMARY = 60;
const BLOCKS_BESIDE_BOXES = 2;

export function openFrontPage(site: Site): FrontPage {
  const news = openKeptOne(NEWS_FRESH, () => readNews(site));

  return {
    async page(visit, window) {
      const { edition } = visit;
      const sections = await site.categories();
      const names = namesOf(sections);
      const specs = [accessBox('site', window, null, 'tabs'), popularBox('site', null)];
      const [found, boxes] = await Promise.all([news(), readBoxes(site, edition, specs, names)]);
      const lead = leadOf(found.latest);
      const head = {
        title: site.settings.SITE_NAME,
        description: edition.words.frontAbout(site.settings.SITE_NAME),
        canonical: '/',
        feeds: [
          { title: edition.words.latest, href: '/v1/articles.atom' },
          ...boxes.map(({ title }, index) => ({ title, href: feedHref(specs[index] ?? popularBox('site', null)) })),
        ],
      };
      return renderPage(site, visit, 'front', head, sections, { ...shown(site, edition, found, lead), boxes });
    },
    async latest(edition, leadId) {
      const found = await news();
      const lead = found.latest.find((article) => article.id === leadId);
      return site.render('latest', edition, shown(site, edition, found, lead));
    },
  };
}

async function readNews({ sql, categories }: Site): Promise<News> {
  const [latest, sections] = await Promise.all([listArticles(sql, { limit: LATEST_READ }), categories()]);
  const first = sections.filter((section) => !section.isEmpty).slice(0, SECTIONS_SHOWN);
  return {
    latest: latest.items,
    sections: await Promise.all(
      first.map(async (section) => ({
        section,
        articles: (await listArticles(sql, { category: section.slug, limit: SECTION_READ })).items,
      })),
    ),
  };
}

/** The newest article that has a picture and something to say; failing that the newest with words, or just the newest. */
function leadOf(latest: readonly Article[]): Article | undefined {
  const telling = latest.filter((article) => article.summary.length >= LEAD_SUMMARY);
  return telling.find((article) => article.image !== null) ?? telling[0] ?? latest[0];
}

function shown(site: Site, edition: Edition, news: News, lead: Article | undefined) {
  const now = site.clock();
  const names = namesOf(news.sections.map(({ section }) => section));
  const card = (article: Article) => cardOf(article, names, edition, now);
  const latest = news.latest.filter((article) => article.id !== lead?.id).slice(0, LATEST_SHOWN);
  return {
    lead: lead === undefined ? null : card(lead),
    latest: latest.map(card),
    blockRows: rowsOf(blocksOf(news, lead, (slug) => categoryLink(slug, names, edition), card)),
    fragment: edition.href(lead === undefined ? '/fragments/latest' : `/fragments/latest?lead=${lead.id}`),
  };
}

function blocksOf(
  news: News,
  lead: Article | undefined,
  link: (slug: CategorySlug) => Link,
  card: (article: Article) => Card,
): Block[] {
  const seen = new Set(lead === undefined ? [] : [lead.id]);
  const blocks = news.sections.map(({ section, articles }) => {
    const own = articles.filter((article) => !seen.has(article.id)).slice(0, SECTION_SHOWN);
    for (const article of own) seen.add(article.id);
    return { link: link(section.slug), cards: pictureFirst(own).map(card) };
  });
  return blocks.filter((block) => block.cards.length > 0);
}

/** The newest article with a picture opens its block. */
function pictureFirst(articles: readonly Article[]): readonly Article[] {
  const opener = articles.find((article) => article.image !== null);
  return opener === undefined ? articles : [opener, ...articles.filter((article) => article !== opener)];
}

/** Two blocks stand beside the boxes; the others take the whole width below, in rows that leave no lone block. */
function rowsOf(blocks: readonly Block[]) {
  const rest = blocks.slice(BLOCKS_BESIDE_BOXES);
  const across = rest.length % 4 === 0 ? 4 : Math.min(3, rest.length);
  return [
    { className: 'blocks-beside', blocks: blocks.slice(0, BLOCKS_BESIDE_BOXES) },
    { className: `blocks-rest blocks-${across}`, blocks: rest },
  ].filter((row) => row.blocks.length > 0);
}
