/**
 * What hostile documents cost: each is read by a process of its own, as the product reads it (a worker thread under a
 * memory cap and a kill timer). Prints milliseconds and the CPU time of all threads, megabytes that the process grew by at
 * most, for how long its own event loop, which in the product serves readers, stood still meanwhile, and the CPU time of
 * its thread altogether, which no stillness of our own making can exceed: on a busy machine the rest is waiting for a core.
 *
 *     node --import tsx bench/attacks.ts [NAME]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openFeedReader } from '../src/feeds/reader.ts';

const rss = (inside: string) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>${inside}</channel></rss>`;
const item = (inside: string) => rss(`<item><title>a</title><guid>g</guid>${inside}</item>`);
const html = (inside: string) => item(`<description><![CDATA[${inside}]]></description>`);
const numbered = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => one(n)).join('');

/** Bodies of up to the 20 MiB that are read at all. */
const ATTACKS: Readonly<Record<string, () => string>> = {
  'nested entities': () =>
    `<!DOCTYPE r [<!ENTITY e "lol">${numbered(9, (n) => `<!ENTITY e${n} "${`&e${n || ''};`.repeat(10)}">`)}]>${rss('&e9;')}`,
  'one entity, often': () =>
    `<!DOCTYPE r [<!ENTITY e "${'x'.repeat(1000)}">]>${item(`<description>${'&e;'.repeat(3e6)}</description>`)}`,
  'external entities': () => `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${item('&x;')}`,
  '100,000 levels': () => item('<a>'.repeat(1e5) + '</a>'.repeat(1e5)),
  '5,000,000 levels of HTML': () => html('<b>'.repeat(5e6)),
  '100,000 items': () => rss('<item><title>a</title><description>x</description></item>'.repeat(1e5)),
  '2,500,000 empty items': () => rss('<item/>'.repeat(25e5)),
  '250,000 dated items': () =>
    rss(numbered(25e4, (n) => `<item><pubDate>${new Date(1e12 + n * 1000).toUTCString()}</pubDate></item>`)),
  'a title of 10 MB': () => rss(`<item><title>${'x'.repeat(1e7)}</title></item>`),
  'a title of 1,000,000 marks': () => rss(`<item><title><![CDATA[${'<b>x</b> '.repeat(1e6)}]]></title></item>`),
  'open angles': () => html('<'.repeat(1e7)),
  'open tags': () => html('<a '.repeat(3e6)),
  'open quotes': () => html('<a b="'.repeat(2e6)),
  'mixed quotes': () => html(`${'<a b="\' '.repeat(2e6)}>`),
  'open comments': () => html('<!--'.repeat(2e6)),
  'open scripts': () => html(`<script>${'</script '.repeat(1e6)}`),
  'closing tags of nothing': () => html('<b>'.repeat(250) + '</i>'.repeat(2e6)),
  '500,000 attributes': () => html(`<a ${numbered(5e5, (n) => `a${n}="x" `)}>`),
  '500,000 attributes of an element': () => item(`<a ${numbered(5e5, (n) => `a${n}="x" `)}/>`),
  '10 MB of spaces': () => html(`<b>x</b>${' '.repeat(1e7)}y`),
  'endless style': () => html(`<p style="${'a:b;'.repeat(2e6)}">`),
  'unfinished fonts': () => html(`<p style="font-family: ${"'a' ".repeat(500)}@">`.repeat(5000)),
  '10 MB of ampersands': () => html('&'.repeat(1e7)),
  'long character references': () => html(`&#${'0'.repeat(40)};`.repeat(2e5)),
  'dates that backtrack': () => rss(`<item><pubDate>${'1:'.repeat(1e4)}</pubDate></item>`.repeat(900)),
  '500,000 categories': () => item('<category>x</category>'.repeat(5e5)),
  'an author of 8 MB': () => item(`<author>${'a@'.repeat(4e6)}</author>`),
  'a link of 9 MB': () => item(`<link>${'../'.repeat(3e6)}</link>`),
  '200,000 namespaces': () => rss(numbered(2e5, (n) => `<a xmlns:n${n}="u${n}"><n${n}:b/></a>`)),
  'an endless document type': () => `<!DOCTYPE rss [${'<!--'.repeat(3e6)}`,
  '1,000,000 instructions': () => '<?xml ?>'.repeat(1e6) + rss(''),
  'XHTML of 1,000,000 elements': () =>
    `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml"><div>${'<div>x</div>'.repeat(1e6)}</div></content></entry></feed>`,
  '12 MB of base64': () =>
    `<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="image/gif">${'QUFB'.repeat(3e6)}</content></entry></feed>`,
  'JSON of 1,000,000 levels': () => `{"version":"https://jsonfeed.org/version/1.1","items":${'['.repeat(1e6)}`,
  'JSON of 300,000 items': () =>
    `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[${'{"id":"1","content_text":"x"},'.repeat(3e5)}{"id":"2"}]}`,
};

const [name] = process.argv.slice(2);
if (name === undefined) {
  for (const attack of Object.keys(ATTACKS)) {
    spawnSync(process.execPath, ['--import', 'tsx', new URL(import.meta.url).pathname, attack], { stdio: 'inherit' });
  }
} else {
  await measure(name);
}

async function measure(attack: string): Promise<void> {
  const body = new TextEncoder().encode(ATTACKS[attack]?.() ?? '').subarray(0, 20 * 1024 * 1024);
  const reader = openFeedReader({ threads: 1 });
  const source = { contentType: null, url: 'http://127.0.0.1/', defaultZone: null };
  await reader.read(new TextEncoder().encode(rss('')), source);
  globalThis.gc?.();
  // Before it, the process held the document twice: as it was made, and encoded.
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const [startedAt, cpu, own] = [performance.now(), process.cpuUsage(), ownThreadMs()];
  const result = await reader.read(body, source);
  const milliseconds = Math.round(performance.now() - startedAt);
  const ownMs = Math.round(ownThreadMs() - own);
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  const entries = result.kind === 'feed' ? `${result.feed.entries.length} entries` : result.kind;
  console.log(
    `${attack.padEnd(34)} ${String(milliseconds).padStart(5)} ms, CPU ${String(Math.round((user + system) / 1000)).padStart(4)} ms`,
    `${String(Math.round((most - before) / 1e6)).padStart(4)} MB   loop ${Math.round(delay.max / 1e6)} ms, its CPU ${ownMs} ms`,
    `  ${(body.length / 1e6).toFixed(1)} MB read as ${entries}`,
  );
  await reader.close();
}

/** CPU time of this thread so far; 0 where the system does not tell (Linux does). */
function ownThreadMs(): number {
  const file = '/proc/thread-self/schedstat';
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : 0;
}
