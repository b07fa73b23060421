import { readFileSync } from 'node:fs';
import { Eta } from 'eta';
import { generateAtomFeed, generateJsonFeed, generateRssFeed } from 'feedsmith';
import type { Desk, Story } from './story.ts';

export interface FeedDocument {
  readonly type: string;
  readonly body: string;
}

const rdfTemplate = readFileSync(new URL('./rdf.eta', import.meta.url), 'utf8');
const eta = new Eta();

const html = (story: Story) => story.paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('\n');
const urlOf = (origin: string, story: Story) => `${origin}/${story.desk.path}/${story.id}`;
const pictureOf = (origin: string, story: Story) => `${origin}/${story.desk.path}/pictures/${story.id}.svg`;

/** The feed of the desk of a paper in its own format, newest story first, as its readers and pollers get it. */
export function feedDocument(origin: string, desk: Desk, stories: readonly Story[], paper: string): FeedDocument {
  return FORMATS[desk.format](origin, desk, stories, paper);
}

const FORMATS: Record<
  Desk['format'],
  (origin: string, desk: Desk, stories: readonly Story[], paper: string) => FeedDocument
> = {
  rss: (origin, desk, stories, paper) => ({
    type: 'application/rss+xml; charset=utf-8',
    body: generateRssFeed({
      title: `${paper}: ${desk.name}`,
      link: `${origin}/${desk.path}`,
      description: `${desk.name}, from a newsroom that does not exist`,
      language: desk.language,
      items: stories.map((story) => ({
        title: story.title,
        link: urlOf(origin, story),
        guid: { value: `sample:${story.id}`, isPermaLink: false },
        pubDate: story.publishedAt,
        description: story.paragraphs[0],
        content: { encoded: html(story) },
        dc: { creators: [story.author] },
        media: { contents: [{ url: pictureOf(origin, story), medium: 'image', type: 'image/svg+xml' }] },
      })),
    } as Parameters<typeof generateRssFeed>[0]) as string,
  }),
  atom: (origin, desk, stories, paper) => ({
    type: 'application/atom+xml; charset=utf-8',
    body: generateAtomFeed({
      id: `${origin}/${desk.path}`,
      title: { value: `${paper}: ${desk.name}` },
      updated: stories[0]?.updatedAt ?? new Date(0),
      links: [{ href: `${origin}/${desk.path}`, rel: 'alternate' }],
      entries: stories.map((story) => ({
        id: `sample:${story.id}`,
        title: { value: story.title },
        links: [{ href: urlOf(origin, story), rel: 'alternate' }],
        published: story.publishedAt,
        updated: story.updatedAt,
        authors: [{ name: story.author }],
        summary: { value: story.paragraphs[0] },
        content: { value: html(story), type: 'html' },
        media: { contents: [{ url: pictureOf(origin, story), medium: 'image', type: 'image/svg+xml' }] },
      })),
    } as Parameters<typeof generateAtomFeed>[0]) as string,
  }),
  rdf: (origin, desk, stories, paper) => ({
    type: 'application/rdf+xml; charset=utf-8',
    body: eta.renderString(rdfTemplate, {
      origin,
      desk,
      paper,
      stories: stories.map((story) => ({
        ...story,
        url: urlOf(origin, story),
        picture: pictureOf(origin, story),
        html: html(story),
      })),
    }),
  }),
  json: (origin, desk, stories, paper) => ({
    type: 'application/feed+json; charset=utf-8',
    body: JSON.stringify(
      generateJsonFeed({
        title: `${paper}: ${desk.name}`,
        home_page_url: `${origin}/${desk.path}`,
        language: desk.language,
        items: stories.map((story) => ({
          id: `sample:${story.id}`,
          url: urlOf(origin, story),
          title: story.title,
          summary: story.paragraphs[0],
          content_html: html(story),
          image: pictureOf(origin, story),
          date_published: story.publishedAt,
          date_modified: story.updatedAt,
          authors: [{ name: story.author }],
        })),
      } as Parameters<typeof generateJsonFeed>[0]),
    ),
  }),
};
