import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { excerpt, fitHeadings, languageOf, webUrl } from '../../src/web/text.ts';

describe('language of a text', () => {
  const cases: readonly [string, string | null, string | null][] = [
    ['Diet to Debate', 'en', null],
    ['Diet to Debate', 'en-US', null],
    ['Diet to Debate', null, null],
    ['首都高で多重事故', null, 'ja'],
    ['首都高で多重事故', 'en', 'ja'],
    ['東京', null, 'ja'],
    ['東京', 'zh_TW', 'zh-TW'],
    ['서울', null, 'ko'],
    ['Élections', 'fr', 'fr'],
    ['Wahl', '"><script>', null],
  ];
  for (const [text, stated, language] of cases) {
    test(`${text} (${stated})`, () => assert.equal(languageOf(text, stated), language));
  }
});

test('only web addresses are linked to', () => {
  assert.equal(webUrl('https://news.example/a?b=c'), 'https://news.example/a?b=c');
  for (const url of ['javascript:alert(1)', 'data:text/html,x', '//news.example', 'https://', null]) {
    assert.equal(webUrl(url), null);
  }
});

describe('excerpt', () => {
  test('leaves a short text alone, but for its white space', () => {
    assert.equal(excerpt('  one\n two ', 20), 'one two');
  });
  test('cuts between words', () => {
    assert.equal(excerpt('The government will present, it said, a plan', 30), 'The government will present…');
  });
  test('never grows, and never leaves half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 60 }), (text, length) => {
        const cut = excerpt(text, length);
        assert.ok(cut.length <= length + 1);
        assert.doesNotThrow(() => encodeURIComponent(cut));
      }),
    );
  });
});

describe('headings of an article', () => {
  test('stand under the page’s h1, without gaps', () => {
    assert.equal(
      fitHeadings('<h1>A</h1><p>x</p><h4 id="b">B</h4><h1>C</h1>'),
      '<h2>A</h2><p>x</p><h3 id="b">B</h3><h2>C</h2>',
    );
    assert.equal(fitHeadings('<h3>A</h3><h2>B</h2>'), '<h2>A</h2><h2>B</h2>');
  });
  test('what is no heading stays', () => {
    assert.equal(fitHeadings('<p>&lt;h1&gt; and <hr></p>'), '<p>&lt;h1&gt; and <hr></p>');
  });
  test('never skip a level, and open and close alike', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 })), (levels) => {
        const html = fitHeadings(levels.map((level) => `<h${level}>x</h${level}>`).join(''));
        const fitted = [...html.matchAll(/<h(\d)>x<\/h(\d)>/g)].map((match) => [Number(match[1]), Number(match[2])]);
        assert.equal(fitted.length, levels.length);
        let above = 1;
        for (const [open = 0, close] of fitted) {
          assert.equal(open, close);
          assert.ok(open >= 2 && open <= above + 1);
          above = open;
        }
      }),
    );
  });
});
