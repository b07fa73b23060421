import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sanitizeStyle } from '../../../src/feeds/parse/style.ts';

const CASES: readonly (readonly [string, string])[] = [
  ['COLOR:Red', 'color: Red;'],
  ['color:#08C;background-color:rgba(0,0,0,.5)', 'color: #08C; background-color: rgba(0,0,0,.5);'],
  [
    'font: italic bold 12px / 1.5 "Lucida Grande",Arial , sans-serif',
    'font: italic bold 12px/1.5 "Lucida Grande", Arial, sans-serif;',
  ],
  ["font-family: '宋体', ＭＳ", "font-family: '宋体', ＭＳ;"],
  ['margin : 0 auto!important ; ; padding:.5em 1.25rem', 'margin: 0 auto; padding: .5em 1.25rem;'],
  ['color: red /* ; */ ; width: 50%', 'color: red; width: 50%;'],
  ['background: url("x") no-repeat #fff', 'background: no-repeat #fff;'],
  ['background-image: url(x)', ''],
  ['margin-top: -10px', ''],
  ['overflow: visible', ''],
  ['overflow: hidden', 'overflow: hidden;'],
  ['position: fixed; left: 0; z-index: 3', ''],
  ['width: calc(1px)', ''],
  ['color: r\\65 d', ''],
  ['color', ''],
  ['color:', ''],
  ['width: 10pixels', ''],
  ['color: #12', ''],
];

for (const [given, expected] of CASES) {
  test(`keeps of ${given}`, () => assert.equal(sanitizeStyle(given), expected));
}

test('a long style is none', () => assert.equal(sanitizeStyle('color: red;'.repeat(1000)), ''));

test('whatever comes in, only plain declarations come out, and stay', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom('color', 'background', 'position', 'overflow', ':', ';', ' ', ',', '/', '/*', '*/', '!important'),
      fc.constantFrom('url(', 'expression(', 'rgb(', ')', '"', "'", '\\', '-', '#fff', '12px', '{', '}', '<', '\0'),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(pieces, (given) => {
      const safe = sanitizeStyle(given.join(''));
      assert.doesNotMatch(safe, /[\\<>{}@]|url|expression\(|position:|\/\*/i);
      assert.equal(sanitizeStyle(safe), safe);
    }),
    { numRuns: 2000 },
  );
});
