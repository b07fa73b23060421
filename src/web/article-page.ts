import type { ArticleDetail, Mention } from '../articles/article.ts';
import { findArticle } from '../articles/store.ts';
import { findRelated } from '../articles/stories/read.ts';
import type { ArticleId } from '../ids.ts';
import { accessBox, DEFAULT_WINDOW, popularBox } from './box-spec.ts';
import { articleHref, cardOf, categoryLink, fullTime, namesOf } from './cards.ts';
import type { Edition, Visit } from './edition.ts';
import { readBoxes, renderPage, type Site } from './site.ts';
import { feedHref } from './spans.ts';
import { excerpt, fitHeadings, webUrl } from './text.ts';

const DESCRIPTION_LENGTH = 200;
const MAX_RELATED = 5;

/** An article's page with the two boxes beside it, or undefined where there is no such article. */
export async function articlePage(site: Site, visit: Visit, id: ArticleId): Promise<string | undefined> {
  const { edition } = visit;
  const [sections, article, story] = await Promise.all([
    site.categories(),
    findArticle(site.sql, id),
    findRelated(site.sql, id, MAX_RELATED),
  ]);
  if (article === undefined) return undefined;
  const names = namesOf(sections);
  const [first] = article.categories;
  const specs = [popularBox(first ?? 'site', id), accessBox('site', DEFAULT_WINDOW, id)];
  const boxes = await readBoxes(site, edition, specs, names);
  const card = cardOf(article, names, edition, site.clock());
  const head = {
    title: card.title,
    lang: card.lang,
    description: excerpt(article.summary, DESCRIPTION_LENGTH),
    // A copy's page stands for the original, whose reads it shares.
    canonical: articleHref(article.original?.id ?? id),
    ...(first === undefined ? {} : { category: first }),
    article: {
      id,
      image: card.image,
      publishedAt: article.publishedAt.toISOString(),
      updatedAt: article.updatedAt.toISOString(),
      author: article.author,
      section: first === undefined ? null : (names.get(first) ?? first),
    },
    feeds: boxes.map(({ title }, index) => ({ title, href: feedHref(specs[index] ?? popularBox('site', null)) })),
  };
  const kickers = article.categories.map((slug) => categoryLink(slug, names, edition));
  const related = (story?.articles ?? []).map((other) => cardOf(other, names, edition, site.clock()));
  return renderPage(site, visit, 'article', head, sections, {
    ...textOf(article, edition),
    card,
    kickers,
    boxes,
    related,
  });
}

/** What the article says, and what is known of how it came and changed. */
function textOf(article: ArticleDetail, edition: Edition) {
  const { words } = edition;
  return {
    author: article.author,
    published: fullTime(article.publishedAt, edition),
    updated: article.revision > 1 ? fullTime(article.updatedAt, edition) : null,
    picture: pictureOf(article),
    url: webUrl(article.url),
    host: hostOf(webUrl(article.url)),
    content: fitHeadings(article.content),
    paragraphs: article.summary.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== ''),
    textLang: edition.mark(article.summary, article.language),
    revisions: article.revisions.map((revision) => ({
      title: revision.title,
      lang: edition.mark(revision.title, article.language),
      replaced: fullTime(revision.replacedAt, edition),
      changed: revision.changed.length === 0 ? '' : words.changed(revision.changed.map((part) => words.parts[part])),
    })),
    original: article.original === null ? null : mentionOf(article.original, edition),
    copies: article.copies.map((copy) => mentionOf(copy, edition)),
    sources: article.sources.map((source) => ({
      name: source.feed,
      lang: edition.mark(source.feed),
      url: webUrl(source.url),
      seen: fullTime(source.firstSeenAt, edition),
    })),
  };
}

/** Another article in a line. */
function mentionOf({ id, title, language, source, publishedAt }: Mention, edition: Edition) {
  return {
    href: edition.href(articleHref(id)),
    title: title || edition.words.untitled,
    lang: edition.mark(title, language),
    source,
    sourceLang: edition.mark(source),
    published: fullTime(publishedAt, edition),
  };
}

/** The picture above the text, unless the text shows it itself. */
function pictureOf({ image, content }: ArticleDetail): string | null {
  const url = webUrl(image);
  return url !== null && !content.includes(url.replaceAll('&', '&amp;')) ? url : null;
}

const hostOf = (url: string | null) => (url === null ? null : new URL(url).hostname.replace(/^www\./, ''));
