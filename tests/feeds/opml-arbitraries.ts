import fc from 'fast-check';
import { cleanText } from '../../src/feeds/categories.ts';
import type { KeptOutline, OpmlFeed } from '../../src/feeds/opml-feed.ts';

/** What markup and terminals stumble over, beside any characters. */
const NASTY = [
  '"',
  "'",
  '<',
  '>',
  '&',
  '&amp;',
  '&lt;b&gt;',
  '&#10;',
  ']]>',
  '<![CDATA[',
  '<!--',
  '\\',
  '/',
  '\u2028',
  '👩‍👩‍👧',
  '\u202e',
  '日本',
  '\ufeff',
];

/** Text as we keep it: clean, not empty. */
export const plainText = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: 6 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => cleanText(parts.join(''), 100))
  .filter((text) => text !== '');

/** Folders that differ as categories do, so that two of them never become one. */
const folder = fc.constantFrom('World', 'Asia & Pacific', '政治', 'Arts "n" <Life>', 'Sport');

const paths = fc.uniqueArray(fc.uniqueArray(folder, { maxLength: 3 }), {
  selector: (path) => JSON.stringify(path),
  minLength: 1,
  maxLength: 3,
});

const feed = fc
  .record({
    url: fc.webUrl({ withQueryParameters: true }),
    title: plainText,
    siteUrl: fc.option(fc.webUrl()),
    language: fc.option(fc.constantFrom('en', 'ja', 'pt-BR')),
    text: fc.option(plainText),
    description: fc.option(plainText),
    category: fc.option(fc.constantFrom('Sport', '/World/Culture, Food', 'Science')),
    attributes: fc.option(fc.dictionary(fc.constantFrom('fetchEvery', 'icon', 'été'), plainText, { minKeys: 1 })),
    paths,
  })
  .map(({ text, description, category, attributes, paths, ...rest }) => {
    const outline: KeptOutline = {
      ...(text !== null && text !== rest.title && { text }),
      ...(description !== null && { description }),
      ...(category !== null && { category }),
      ...(attributes !== null && { attributes: { ...attributes } }),
    };
    return { feed: { ...rest, outline }, paths };
  });

/** Feeds with distinct URLs, each in one or more places of a tree of folders, in any order. */
export const opmlFeeds: fc.Arbitrary<OpmlFeed[]> = fc
  .uniqueArray(feed, { selector: (item) => item.feed.url, maxLength: 8 })
  .chain((found) => {
    const total = found.reduce((sum, { paths }) => sum + paths.length, 0);
    const positions = Array.from({ length: total }, (_, index) => index);
    return fc.shuffledSubarray(positions, { minLength: total }).map((order) => {
      let next = 0;
      return found.map(({ feed: { outline, ...rest }, paths }) => {
        const places = paths
          .map((folders) => ({ folders, position: order[next++] ?? 0 }))
          .sort((a, b) => a.position - b.position);
        const named = (outline.category ?? '').split(/[,/]/).map((name) => name.trim());
        const categories = [...new Set([...places.flatMap(({ folders }) => folders), ...named.filter(Boolean)])];
        return { ...rest, categories, outline: { ...outline, places } };
      });
    });
  });
