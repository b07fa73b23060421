import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import {
  allowedAttribute,
  foreignElement,
  isAllowedElement,
  LINK_ATTRIBUTES,
  LINK_SCHEMES,
} from '../../../src/feeds/parse/allow-list.ts';
import { schemeOf } from '../../../src/feeds/parse/links.ts';
import { sanitizeHtml } from '../../../src/feeds/parse/sanitize.ts';
import { textOfHtml } from '../../../src/feeds/parse/text-of-html.ts';

const BASE = 'https://base.test/dir/page';
const html = (given: string) => sanitizeHtml(given, BASE).html;

const CASES: readonly (readonly [string, string])[] = [
  ['<p>One <b>two</b></p>', '<p>One <b>two</b></p>'],
  ['<P CLASS=x>Upper</P>', '<p class="x">Upper</p>'],
  ['safe<script>alert(1)</script> text', 'safe text'],
  ['safe<script>never closed', 'safe'],
  ['<style>p{}</style><applet code=x>y</applet>z', 'z'],
  ['<iframe src="https://x.test"><b>kept</b></iframe>', '<b>kept</b>'],
  ['<img src=x onerror=alert(1) alt="a<b">', '<img alt="a&lt;b" src="https://base.test/dir/x" />'],
  ['<a href="javascript:alert(1)">x</a>', '<a>x</a>'],
  ['<a href=" java&#10;script&colon;alert(1)">x</a>', '<a>x</a>'],
  ['<a href="\u0001javascript:alert(1)">x</a>', '<a>x</a>'],
  ['<img src="data:image/svg+xml,<svg onload=x>">', '<img />'],
  ['<a href="../up?a=1&amp;b=2#c">x</a>', '<a href="https://base.test/up?a=1&amp;b=2#c">x</a>'],
  ['<a href="https://x.test/?a=1&b=2">x</a>', '<a href="https://x.test/?a=1&amp;b=2">x</a>'],
  ['<a href=http://x.test/">x</a>', '<a href="http://x.test/&quot;">x</a>'],
  [
    '<p style="color: red; position: fixed; background: url(x) red">x</p>',
    '<p style="color: red; background: red;">x</p>',
  ],
  ['<p style="width: expression(alert(1))">x</p>', '<p>x</p>'],
  ['<ul><li>one<li>two</ul></div>', '<ul><li>one<li>two</li></li></ul>'],
  ['<b><i>crossed</b></i>', '<b><i>crossed</i></b>'],
  ['1 < 2 & 3 &lt; 4 &copy; &#146; &#X41;', '1 &lt; 2 &amp; 3 &lt; 4 &copy; &#x2019; &#x41;'],
  ['<!-- gone --><!doctype html><?php gone ?>x', 'x'],
  ['<!-- never closed <b>x</b>', '&lt;!-- never closed <b>x</b>'],
  ['<![CDATA[<b>]]>x', '&lt;b>x'],
  ['<br><br/></br>', '<br /><br />'],
  [
    '<svg viewbox="0 0 1 1"><circle r=1 /><script>x</script></svg>',
    '<svg viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg"><circle r="1"></circle></svg>',
  ],
  [
    '<svg><animate attributeName=href values=javascript:alert(1) /><a xlink:href="javascript:x">y</a></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><a>y</a></svg>',
  ],
  [
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mtext><table><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;" /></table></mtext></math>',
  ],
  ['<a b="1" title=\'it&#39;s\' title="twice">x</a>', '<a title="it&#39;s">x</a>'],
  ['tail <a href="x', 'tail &lt;a href="x'],
];

for (const [given, expected] of CASES) {
  test(`makes safe ${given}`, () => assert.equal(html(given), expected));
}

test('the text has blocks on lines of their own and nothing of scripts', () => {
  const given =
    '<h1>A  title</h1>\n<p>One&nbsp;<b>two</b>,<br>three &lt;b&gt;</p><script>no</script><ul><li>x<li>y</ul>';
  assert.equal(textOfHtml(given), 'A title\nOne two,\nthree <b>\nx\ny');
  assert.equal(sanitizeHtml(given, BASE).text, textOfHtml(given));
});

test('the first picture that is no counting pixel is found', () => {
  const { image } = sanitizeHtml(
    '<img src="//count.test/p" width="1" height="1"><p><img src="a.jpg?x=1&amp;y=2">',
    BASE,
  );
  assert.equal(image, 'https://base.test/dir/a.jpg?x=1&y=2');
});

test('the names and values of attributes are not taken for each other', () => {
  assert.equal(html('<img title="src" src="a.png">'), '<img src="https://base.test/dir/a.png" title="src" />');
});

test('what becomes of a tag does not depend on what came before', () => {
  const unclosed = '<b class="y"><a title="x <b class="y">kept</b>';
  const first = html(unclosed);
  assert.equal(html('<b class="y">'), '<b class="y"></b>');
  assert.equal(html(unclosed), first);
  assert.equal(html('<svg><b class="y"></svg>'), html('<svg><b class="y"></svg>'));
  assert.equal(sanitizeHtml('<img src="x">', 'https://one.test/').html, '<img src="https://one.test/x" />');
  assert.equal(sanitizeHtml('<img src="x">', 'https://two.test/').html, '<img src="https://two.test/x" />');
});

test('the text of a very long page ends where a summary must', () => {
  const { text } = sanitizeHtml(`<p>${'\u{1f600}a'.repeat(40_000)}`, BASE);
  assert.ok(text.length <= 64 * 1024 && text.length > 64 * 1024 - 2);
  assert.ok(text.isWellFormed());
  assert.equal(
    sanitizeHtml('<p>one &amp two&nbsp;&#x1F600;&copy2024 &bogus; \u3000 three', BASE).text,
    'one & two 😀©2024 &bogus; three',
  );
});

test('what was made safe stays as it is', () => {
  fc.assert(
    fc.property(markup, (given) => {
      const once = html(given);
      assert.equal(html(once), once);
    }),
  );
});

/** Text that is close to markup, with what attackers put into it. */
const markup = fc
  .array(
    fc.oneof(
      fc.constantFrom('<', '>', '"', "'", '=', '/', ' ', '&', ';', '<!--', '-->', '<![CDATA[', ']]>', '\n', '`'),
      fc.constantFrom(
        '<script>',
        '</script>',
        '<img src=x onerror=alert(1)>',
        '<svg>',
        '</svg>',
        '<math>',
        '<style>',
        '</style>',
      ),
      fc.constantFrom(
        '<a href=',
        '<p style=',
        'javascript:alert(1)',
        'java\tscript:',
        '&#106;avascript:',
        ' onclick=',
        'data:text/html,',
      ),
      fc.constantFrom(
        '<title>',
        '<noscript>',
        '<textarea>',
        '</textarea>',
        '<iframe srcdoc=',
        '<template>',
        '<b>',
        '</b>',
        '<p>',
        '<table>',
      ),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

test('whatever comes in, only allowed tags, attributes and schemes come out, balanced', () => {
  fc.assert(
    fc.property(markup, (given) => {
      const open: string[] = [];
      const parser = new Parser(
        {
          onopentag(name, attributes) {
            const isForeign = foreignElement(name.toLowerCase()) !== undefined;
            assert.ok(isForeign || isAllowedElement(name), `element ${name}`);
            for (const [key, value] of Object.entries(attributes)) {
              const attribute = key.toLowerCase();
              const isAllowed = allowedAttribute(attribute, false) ?? allowedAttribute(attribute, true);
              assert.ok(isAllowed ?? /^xmlns(?::xlink)?$/.test(attribute), `attribute ${key}`);
              assert.doesNotMatch(attribute, /^on/);
              const scheme = schemeOf(value);
              if (LINK_ATTRIBUTES.has(attribute)) assert.ok(scheme === '' || LINK_SCHEMES.has(scheme), `link ${value}`);
            }
            open.push(name);
          },
          onclosetag(name) {
            assert.equal(open.pop(), name);
          },
          oncomment(text) {
            assert.fail(`comment ${text}`);
          },
        },
        { xmlMode: true },
      );
      parser.end(html(given));
      assert.equal(open.length, 0);
    }),
    { numRuns: 500 },
  );
});
