import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { repairedText } from '../../../src/feeds/parse/clean.ts';
import { sanitizeHtml } from '../../../src/feeds/parse/sanitize.ts';
import { unsafeParts } from './unsafe-parts.ts';

const BASE = 'https://base.test/dir/page';
/** Attacks of our own writing by kind. `KEEP` is text for readers: it must still be there. */
const families = JSON.parse(
  readFileSync(new URL('../../fixtures/payloads/html.json', import.meta.url), 'utf8'),
) as Record<string, string[]>;
const payloads = Object.values(families).flat();

/** As the product does it: what is not clean text never comes so far. */
const sanitized = (payload: string) => sanitizeHtml(repairedText(payload), BASE);

for (const [family, attacks] of Object.entries(families)) {
  test(`nothing unsafe is left of attacks by ${family}, and no text is lost`, () => {
    for (const payload of attacks) {
      const { html, text } = sanitized(payload);
      assert.deepEqual(unsafeParts(html), [], `${payload}\n→ ${html}`);
      if (payload.includes('KEEP')) assert.match(html, /KEEP/, `${payload}\n→ ${html}`);
      if (/KEEP/.test(html.replace(/<[^>]*>/g, ''))) assert.match(text, /KEEP/, `${payload}\n→ ${text}`);
      assert.equal(sanitizeHtml(html, BASE).html, html, payload);
    }
  });
}

test('attacks are safe inside of and behind each other', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...payloads), { minLength: 2, maxLength: 4 }), fc.nat(200), (chosen, cut) => {
      const whole = chosen.join('');
      for (const payload of [whole, whole.slice(cut), whole.slice(0, whole.length - cut)]) {
        const { html } = sanitized(payload);
        assert.deepEqual(unsafeParts(html), [], html);
      }
    }),
    { numRuns: 300 },
  );
});

test('the parser that judges finds what is unsafe', () => {
  const caught = payloads.filter((payload) => unsafeParts(payload).length > 0);
  assert.ok(caught.length > payloads.length * 0.75, `${caught.length} of ${payloads.length}`);
});

test('there are hundreds of them', () => {
  assert.ok(new Set(payloads).size >= 300);
});
