import type * as Feedsmith from 'feedsmith';
import { cleanText } from './categories.ts';
import { feedsmith } from './opml.ts';
import type { Attributes } from './opml-attributes.ts';
import { arrangeOutline, type OpmlFeed, type Place } from './opml-feed.ts';
import type { OtherOutline } from './other-outlines.ts';
import { escapeText } from './parse/references.ts';

/** Longer ones are no text for a list. */
const MAX_TITLE = 1000;

interface Folder {
  readonly text: string;
  readonly title: string;
  readonly outlines: (Folder | Leaf)[];
}

type Leaf = ReturnType<typeof outlineOf> | Attributes;

/**
 * An OPML 2.0 file: the folders that the feeds were imported with, a folder for each further category, a feed of several
 * in each of them, the others on top; among them what was kept of outlines that hold no feed. Its head says whose list it
 * is, and nothing of the files that it was made of: titles and owners of several would contradict each other, and dates
 * and the lines that were unfolded are no longer those of this one.
 */
export function writeOpml(feeds: readonly OpmlFeed[], title: string, others: readonly OtherOutline[] = []): string {
  const top: Folder = { text: '', title: '', outlines: [] };
  const folders = new Map<string, Folder>();
  const extra = new Set<string>();
  const noted = (attributes: Attributes = {}): Attributes => {
    for (const name of Object.keys(attributes)) extra.add(name);
    return attributes;
  };
  const folderAt = ({ folders: path, attributes = [] }: Place): Folder => {
    let folder = top;
    for (let depth = 1; depth <= path.length; depth++) {
      const key = JSON.stringify(path.slice(0, depth));
      const name = path[depth - 1] ?? '';
      const own = noted(attributes[depth - 1]);
      const known: Folder = folders.get(key) ?? { text: name, title: name, ...own, outlines: [] };
      if (!folders.has(key)) folder.outlines.push(known);
      folders.set(key, known);
      folder = known;
    }
    return folder;
  };
  const leaves = feeds.flatMap((feed) => {
    const { places, category } = arrangeOutline(feed);
    const outline = { ...outlineOf(feed, category), ...noted(feed.outline.attributes) };
    return places.map((place) => ({ ...place, outline }));
  });
  // An outline must have a text; one without came so, and goes out with an empty one.
  const rest = others.map(({ outline, ...place }) => ({ ...place, outline: { text: '', ...noted(outline) } }));
  for (const { outline, ...place } of [...leaves, ...rest].sort((a, b) => a.position - b.position)) {
    folderAt(place).outlines.push(outline);
  }
  // An OPML without outlines is refused by the generator, yet an installation without feeds has a list of them too.
  const name = cleanText(title, MAX_TITLE);
  if (top.outlines.length === 0) return emptyOpml(name);
  const outlines = top.outlines as Feedsmith.Opml.Outline<Date, string[]>[];
  const document = { head: { title: name }, body: { outlines } };
  return feedsmith().generateOpml(document, { extraOutlineAttributes: [...extra] });
}

function emptyOpml(title: string): string {
  const head = `<head><title>${escapeText(title)}</title></head>`;
  return `<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">${head}<body/></opml>\n`;
}

function outlineOf({ url, title, siteUrl, language, outline }: OpmlFeed, category: string | undefined) {
  return {
    type: 'rss',
    text: outline.text ?? (title || url),
    ...(title !== '' && { title }),
    xmlUrl: url,
    ...(siteUrl !== null && { htmlUrl: siteUrl }),
    ...(outline.description !== undefined && { description: outline.description }),
    ...(language !== null && { language }),
    ...(category !== undefined && { category }),
  };
}
