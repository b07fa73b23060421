import { hasTooManyValues } from './json-feed.ts';
import { resolveHtmlReferences } from './references.ts';
import { lineOf } from './values.ts';

const HEAD_LENGTH = 1 << 16;

/** Says what a body is that is no feed, in words that tell its reader what to look into. */
export function describeOther(text: string, first: string | undefined): string {
  const head = text.slice(0, HEAD_LENGTH);
  const start = head.trimStart();
  if (start === '') return 'The body is empty.';
  if (first === 'opml') return 'This is an OPML list of feeds, not a feed; import it instead.';
  if (first === 'urlset' || first === 'sitemapindex') return 'This is a sitemap, not a feed.';
  if (first === 'html' || first === 'head' || first === 'body' || /^<!doctype html/i.test(start))
    return describePage(head);
  if (start.startsWith('{') || start.startsWith('['))
    return hasTooManyValues(text) ? 'This is JSON of more values than are read.' : 'This is JSON, but not a JSON Feed.';
  const name = lineOf(first, 64);
  if (name !== undefined) return `This is XML or HTML that begins with <${name}>, not a feed.`;
  return 'This is plain text or binary data, not a feed.';
}

const CONSENT = /consent|cookie|gdpr|datenschutz|privacy choices/i;
const CHALLENGE =
  /captcha|checking your browser|just a moment|cf-challenge|are you (?:a )?human|access denied|attention required/i;

function describePage(head: string): string {
  const given = /<title[^>]{0,1000}>([^<]{0,1000})/i.exec(head)?.[1];
  const title = lineOf(given === undefined ? undefined : resolveHtmlReferences(given), 120);
  const named = title === undefined ? 'an HTML page' : `an HTML page, "${title}"`;
  if (/<link\s[^>]{0,500}application\/(?:rss|atom)\+xml/i.test(head))
    return `This is ${named}, not a feed; it links to a feed of its own.`;
  if (CHALLENGE.test(title ?? '')) return `This is ${named}: the site keeps programs out.`;
  if (CONSENT.test(title ?? '')) return `This is ${named}: the site asks for consent first.`;
  return `This is ${named}, not a feed.`;
}
