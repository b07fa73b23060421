import type { Visit } from '../edition.ts';
import { renderPage, type Site } from '../site.ts';
import { EN } from '../words/en.ts';
import { type Description, groupsOf, shapesOf } from './routes.ts';

/** The API for people: every route of the description, with a line to copy. In English, whatever the edition. */
export async function docsPage(site: Site, visit: Visit, description: Description): Promise<string> {
  const { info } = description;
  const head = { title: EN.api, description: info.description, canonical: '/docs', style: 'docs.css' };
  return renderPage(site, visit, 'docs', head, await site.categories(), {
    ...{ info, groups: groupsOf(description, visit.origin), shapes: shapesOf(description) },
    lang: visit.edition.language === 'en' ? null : 'en',
  });
}
