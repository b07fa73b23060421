import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Channel } from './channel.ts';

/** The namespace of what only we say, also in `docs/api.md`: a name, not an address. */
const RANKING_NAMESPACE = 'urn:newsrank:ranking:1';

/** Minutes that a reader may keep an RSS feed. */
const TTL = 5;
const GENERATOR = 'newsrank';

/** What XML 1.0 cannot hold, in whatever spelling, and what no text means: controls, and the sign of an unreadable byte. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what XML 1.0 cannot hold, and are taken out here
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd-\uffff]|\p{Surrogate}/gu;
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** The RSS Best Practices Profile: so written, readers take `AT&T` and `<` in a headline for text, not for HTML. */
const PLAIN: Readonly<Record<string, string>> = { ...MARKUP, '&': '&#x26;', '<': '&#x3C;' };
/** What looks like HTML in a plain text. */
const LIKE_HTML = /<[/a-z]|&#?\w/i;

const escapeWith = (names: Readonly<Record<string, string>>) => (value: unknown) =>
  String(value)
    .replace(FORBIDDEN, '')
    .replace(/[&<>"]/g, (character) => names[character] ?? '');
const escapePlain = escapeWith(PLAIN);
const escapeMarkup = escapeWith(MARKUP);

/**
 * Written from templates: feedsmith, which writes feeds elsewhere here, knows the namespaces that others made and no
 * way to add one's own.
 */
const eta = new Eta({
  views: fileURLToPath(new URL('.', import.meta.url)),
  cache: true,
  autoEscape: true,
  escapeFunction: escapeMarkup,
  // A line that only decides leaves nothing of itself: people read feeds, too.
  plugins: [{ processTemplate: (template: string) => template.replace(/^ +(?=<%(?![=~]))/gm, '') }],
});

/** A text construct of Atom: what a reader might take for HTML says that it is none, by being HTML that shows it. */
function construct(name: string, text: string): string {
  if (!LIKE_HTML.test(text)) return `<${name}>${escapePlain(text)}</${name}>\n`;
  return `<${name} type="html">${escapeMarkup(escapeMarkup(text))}</${name}>\n`;
}

export function writeXml(format: 'rss' | 'atom', channel: Channel, siteName: string): string {
  return eta.render(`./${format}`, {
    ...{ channel, siteName, namespace: RANKING_NAMESPACE, generator: GENERATOR, ttl: TTL },
    plain: escapePlain,
    paragraph: (text: string) => escapeMarkup(`<p>${escapeMarkup(text)}</p>`),
    construct,
    rfc822: (time: Date) => time.toUTCString(),
    rfc3339: (time: Date) => time.toISOString(),
  });
}
