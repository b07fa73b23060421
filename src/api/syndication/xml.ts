import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Channel } from './channel.ts';

/** The namespace of what only we say, also in `docs/api.md`: a name, not an address. */
export const RANKING_NAMESPACE = 'urn:newsrank:ranking:1';

/** Minutes that a reader may keep an RSS feed. */
const TTL = 5;
const GENERATOR = 'newsrank';

/** What XML 1.0 cannot hold, in whatever spelling. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (value: unknown) =>
  String(value)
    .replace(FORBIDDEN, '')
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');

/**
 * Written from templates: feedsmith, which writes feeds elsewhere here, knows the namespaces that others made and no
 * way to add one's own.
 */
const eta = new Eta({
  views: fileURLToPath(new URL('.', import.meta.url)),
  cache: true,
  autoEscape: true,
  escapeFunction: escapeXml,
});

export function writeXml(format: 'rss' | 'atom', channel: Channel, siteName: string): string {
  return eta.render(`./${format}`, {
    ...{ channel, siteName, namespace: RANKING_NAMESPACE, generator: GENERATOR, ttl: TTL },
    html: (text: string) => `<p>${escapeXml(text)}</p>`,
    rfc822: (time: Date) => time.toUTCString(),
    rfc3339: (time: Date) => time.toISOString(),
  });
}
