import type { ArticleDetail, Mention } from '../articles/article.ts';
import { findArticle } from '../articles/store.ts';
import { findRelated } from '../articles/stories/read.ts';
import type { ArticleId } from '../ids.ts';
import { accessBox, DEFAULT_WINDOW, popularBox } from './box-spec.ts';
import { articleHref, cardOf, categoryLink, namesOf, type Time } from './cards.ts';
import type { Dates } from './dates.ts';
import { readBoxes, renderPage, type Site } from './site.ts';
import { excerpt, fitHeadings, languageOf, webUrl } from './text.ts';

const DESCRIPTION_LENGTH = 200;
/** What an update may change, as readers call it. */
const PARTS = { title: 'headline', summary: 'summary', content: 'text', image: 'picture', url: 'link' };
const MAX_RELATED = 5;

/** An article's page with the two boxes beside it, or undefined where there is no such article. */
export async function articlePage(site: Site, origin: string, id: ArticleId): Promise<string | undefined> {
  const [sections, article, story] = await Promise.all([
    site.categories(),
    findArticle(site.sql, id),
    findRelated(site.sql, id, MAX_RELATED),
  ]);
  if (article === undefined) return undefined;
  const names = namesOf(sections);
  const [first] = article.categories;
  const specs = [popularBox(first ?? 'site', id), accessBox('site', DEFAULT_WINDOW, id)];
  const boxes = await readBoxes(site, specs, names);
  const head = {
    title: article.title,
    lang: languageOf(article.title, article.language),
    description: excerpt(article.summary, DESCRIPTION_LENGTH),
    // A copy's page stands for the original, whose reads it shares.
    canonical: `${origin}${articleHref(article.original?.id ?? id)}`,
    ...(first === undefined ? {} : { category: first }),
    article: { id, image: webUrl(article.image), publishedAt: article.publishedAt.toISOString() },
  };
  const kickers = article.categories.map((slug) => categoryLink(slug, names));
  const card = cardOf(article, names, site.dates, site.clock());
  const related = (story?.articles ?? []).map((other) => cardOf(other, names, site.dates, site.clock()));
  return renderPage(site, 'article', head, sections, {
    ...wordsOf(article, site.dates),
    card,
    kickers,
    boxes,
    related,
  });
}

const fullTime = (at: Date, dates: Dates): Time => ({ iso: at.toISOString(), text: dates.full(at) });

function wordsOf(article: ArticleDetail, dates: Dates) {
  return {
    author: article.author,
    published: fullTime(article.publishedAt, dates),
    updated: article.revision > 1 ? fullTime(article.updatedAt, dates) : null,
    picture: pictureOf(article),
    url: webUrl(article.url),
    host: hostOf(webUrl(article.url)),
    content: fitHeadings(article.content),
    paragraphs: article.summary.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== ''),
    textLang: languageOf(article.summary, article.language),
    revisions: article.revisions.map((revision) => ({
      title: revision.title,
      lang: languageOf(revision.title, article.language),
      replaced: fullTime(revision.replacedAt, dates),
      changed: revision.changed.map((part) => PARTS[part]).join(', '),
    })),
    original: article.original === null ? null : mentionOf(article.original, dates),
    copies: article.copies.map((copy) => mentionOf(copy, dates)),
    sources: article.sources.map((source) => ({
      name: source.feed,
      lang: languageOf(source.feed, null),
      url: webUrl(source.url),
      seen: fullTime(source.firstSeenAt, dates),
    })),
  };
}

/** Another article in a line. */
function mentionOf({ id, title, language, source, publishedAt }: Mention, dates: Dates) {
  return {
    href: articleHref(id),
    title: title || 'Untitled',
    lang: languageOf(title, language),
    source,
    sourceLang: languageOf(source, null),
    published: fullTime(publishedAt, dates),
  };
}

/** The picture above the text, unless the text shows it itself. */
function pictureOf({ image, content }: ArticleDetail): string | null {
  const url = webUrl(image);
  return url !== null && !content.includes(url.replaceAll('&', '&amp;')) ? url : null;
}

const hostOf = (url: string | null) => (url === null ? null : new URL(url).hostname.replace(/^www\./, ''));
