// The product's own parser in the shape that the conformance cases ask for. Run under `node --import tsx`.
//
// It shows what was read, HTML sanitised as the product keeps it. Text is trimmed and repaired as far as the cases'
// reference does it (encoded twice by way of Latin-1). The product repairs windows-1252 as well, and gives an entry without
// a page the URL of its id or enclosure: REPAIRED=1 shows the text so.
import { cleanText, repairLatin, repairWindows } from '../src/feeds/parse/clean.ts';
import { readDraft } from '../src/feeds/parse/read-feed.ts';
import { sanitizeHtml } from '../src/feeds/parse/sanitize.ts';

export const name = 'newsrank';

const repair = process.env.REPAIRED === '1' ? repairWindows : (text) => repairLatin(text.trim());

/** Plain text as it stands: the cases compare text, not its escaped form. */
const shown = (value) => {
  if (value === null) return undefined;
  const text = cleanText(repair(value.text));
  return value.isHtml ? sanitizeHtml(text, value.base).html : text;
};

export async function parse(bytes, { contentType, url } = {}) {
  const result = await readDraft(bytes, { contentType: contentType ?? null, url: url ?? '', defaultZone: null });
  if (result.kind !== 'draft') throw new Error(result.message);
  const { draft } = result;
  return {
    title: shown(draft.title),
    link: draft.link ?? undefined,
    entries: draft.entries.map((entry) => ({
      id: entry.id ?? undefined,
      title: shown(entry.title),
      link: entry.link ?? undefined,
      published: entry.published ?? undefined,
      updated: entry.updated ?? undefined,
      summary: shown(entry.summary),
      content: shown(entry.content),
      author: entry.authors[0],
      categories: entry.categories,
      enclosures: entry.enclosures,
    })),
  };
}
