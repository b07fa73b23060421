import type { Enclosure, Entry, ParsedFeed } from '../entry.ts';
import { cleanText, cutText, repairedText } from './clean.ts';
import { closeDirections } from './directions.ts';
import type { Draft, FeedDraft, Value } from './draft.ts';
import { MAX_AUTHOR, MAX_CONTENTS, MAX_GUID, MAX_SUMMARY, MAX_TITLE } from './limits.ts';
import { safeLink } from './links.ts';
import { escapeText } from './references.ts';
import { type Sanitized, sanitizeHtml } from './sanitize.ts';
import { onOneLine, tidyText } from './text.ts';
import { textOfHtml } from './text-of-html.ts';

const NOTHING: Sanitized = { html: '', text: '', image: null };

/** Makes a feed safe to store. An entry that fails all the same is left out, the others stay. */
export function feedOfDraft(draft: FeedDraft): ParsedFeed {
  const language = languageOf(draft.language);
  return {
    format: draft.format,
    title: titleOf(draft.title),
    siteUrl: safeLink(draft.link),
    language,
    description: cutText(safeText(draft.description), MAX_SUMMARY),
    hubUrl: draft.hubUrl,
    selfUrl: draft.selfUrl,
    hints: draft.hints,
    entries: entriesOf(draft, language),
  };
}

function entriesOf(draft: FeedDraft, language: string | null): Entry[] {
  const entries: Entry[] = [];
  let room = MAX_CONTENTS;
  for (const each of draft.entries) {
    room -= (each.content ?? each.summary)?.text.length ?? 0;
    try {
      entries.push(entryOfDraft(each, draft, language, room >= 0));
    } catch {
      // One entry that nobody can read must not cost the others.
    }
  }
  return entries;
}

function entryOfDraft(draft: Draft, feed: FeedDraft, feedLanguage: string | null, hasRoom: boolean): Entry {
  const { summary, content, image } = hasRoom ? bodiesOf(draft) : summaryOf(draft);
  return {
    guid: guidOf(draft.id),
    url: pageOf(draft, feed),
    title: titleOf(draft.title),
    summary: cutBytes(summary),
    content,
    author: draft.authors.length === 0 ? null : cutText(draft.authors.join(', '), MAX_AUTHOR),
    keywords: draft.categories,
    image: safeLink(draft.image) ?? safeLink(image),
    enclosures: draft.enclosures.flatMap(safeEnclosure),
    publishedAt: draft.published,
    updatedAt: draft.updated,
    language: languageOf(draft.language) ?? feedLanguage,
  };
}

/**
 * Where people read the entry: its page, else an id that is a URL, else what is attached. A link that leads back to the
 * feed (an empty `href` does) is no page of an article.
 */
function pageOf(draft: Draft, feed: FeedDraft): string | null {
  return pageAt(draft.link, feed) ?? pageAt(draft.id, feed) ?? pageAt(draft.enclosures[0]?.url ?? null, feed);
}

function pageAt(link: string | null, feed: FeedDraft): string | null {
  return link === feed.source || link === feed.selfUrl ? null : safeLink(link);
}

/** The summary as text and the content as HTML, each standing in for the other where one is missing. */
function bodiesOf(draft: Draft): { summary: string; content: string; image: string | null } {
  const summary = draft.summary === null || draft.content === null ? '' : safeText(draft.summary);
  const body = safeValue(draft.content ?? draft.summary, summary === '');
  if (body.html !== '' || draft.summary === null || draft.content === null) {
    return { summary: summary === '' ? body.text : summary, content: body.html, image: body.image };
  }
  const other = safeValue(draft.summary, false);
  return { summary, content: other.html, image: other.image };
}

function summaryOf(draft: Draft): { summary: string; content: string; image: string | null } {
  const value = draft.summary ?? draft.content;
  const head = value === null ? null : { ...value, text: cutText(value.text, MAX_SUMMARY) };
  return { summary: safeText(head), content: '', image: null };
}

/** HTML sanitised, plain text escaped. */
function safeValue(value: Value | null, withText: boolean): Sanitized {
  if (value === null) return NOTHING;
  const given = repairedText(value.text);
  if (value.isHtml) return sanitizeHtml(given, value.base, withText);
  const text = tidyText(given);
  return { html: escapeText(text), text, image: null };
}

function safeText(value: Value | null): string {
  if (value === null) return '';
  const given = repairedText(value.text);
  return value.isHtml ? textOfHtml(given) : tidyText(given);
}

function titleOf(value: Value | null): string {
  if (value === null) return '';
  const head = { ...value, text: cutText(value.text, MAX_TITLE * 16) };
  return closeDirections(cutText(onOneLine(safeText(head)), MAX_TITLE));
}

function guidOf(id: string | null): string | null {
  if (id === null) return null;
  const guid = cutText(cleanText(id.slice(0, MAX_GUID * 2)).trim(), MAX_GUID);
  return guid === '' ? null : guid;
}

function safeEnclosure(enclosure: Enclosure): Enclosure[] {
  const url = safeLink(enclosure.url);
  return url === null
    ? []
    : [{ ...enclosure, url, type: enclosure.type === null ? null : cutText(cleanText(enclosure.type), 255) }];
}

/** The limit is of bytes: text beyond ASCII takes up to three a character. */
function cutBytes(text: string): string {
  if (text.length * 3 <= MAX_SUMMARY) return text;
  let cut = cutText(text, MAX_SUMMARY);
  const excess = Buffer.byteLength(cut) - MAX_SUMMARY;
  if (excess > 0)
    cut = Buffer.from(cut)
      .subarray(0, MAX_SUMMARY)
      .toString()
      .replace(/\ufffd$/, '');
  return cut;
}

const languages = new Map<string, string | null>();

/** Remembered, since asking Intl costs as much as sanitising an entry. */
function languageOf(tag: string | null): string | null {
  if (tag === null || tag.length > 35) return null;
  const known = languages.get(tag);
  if (known !== undefined) return known;
  const language = canonicalLanguage(tag);
  if (languages.size < 1000) languages.set(tag, language);
  return language;
}

function canonicalLanguage(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag.trim().replaceAll('_', '-'))[0] ?? null;
  } catch {
    return null;
  }
}
