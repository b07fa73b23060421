import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNumber, languageOf, termsOf } from '../../../src/articles/stories/terms.ts';

const wording = (title: string, summary = '', language: string | null = null) => ({ title, summary, language });
const terms = (title: string, language: string | null = null) => [...termsOf(wording(title, '', language)).keys()];

test('the script of a text says more than the feed it came in', () => {
  const cases: [string, string | null, string][] = [
    ['首都高で多重事故', 'en-us', 'ja'],
    ['日銀利上', null, 'ja'],
    ['中国经济增长', 'zh-CN', 'zh'],
    ['한국은행 금리 인상', 'en', 'ko'],
    ['Bundestag stimmt ab', 'de-DE', 'de'],
    ['Bank raises rates', null, 'en'],
    ['Bank raises rates', 'nonsense', 'en'],
    ['Банк', null, 'und'],
  ];
  for (const [title, language, expected] of cases)
    assert.equal(languageOf(wording(title, '', language)), expected, title);
});

test('forms of an English word are one term; what stands everywhere is none', () => {
  assert.deepEqual(terms('The killing of a king'), terms("KILLS king's"));
  assert.deepEqual(terms('Companies cut rates'), terms('company cuts rate'));
  assert.deepEqual(terms('Shares jumped on stopping'), terms('share jumps, stopped'));
  assert.deepEqual(terms('The U.S. and the EU'), ['en:us', 'en:eu']);
  assert.deepEqual(terms('1,000 jobs lost in 3 days'), ['en:1000', 'en:job', 'en:lost']);
});

test('Japanese is cut into words, full width or not', () => {
  assert.deepEqual(terms('日銀が利上げを決定'), ['ja:日銀', 'ja:利上げ', 'ja:決定']);
  assert.deepEqual(terms('ＪＡＸＡのロケット'), terms('JAXAのロケット'));
});

test('the words of the title count double, repeated ones up to four times', () => {
  const counts = termsOf(wording('Ferry sinks', 'The ferry sank. A ferry, ferry, ferry.', 'en'));
  assert.deepEqual(Object.fromEntries(counts), { 'en:ferri': 4, 'en:sink': 2, 'en:sank': 1 });
});

test('no text is too odd to have terms', () => {
  for (const text of [
    '',
    '   ',
    '💥🔥',
    '\u0000\ud800',
    '__proto__ constructor',
    'x'.repeat(10_000),
    '« »',
    '้้้',
    '١٢٣ خبر',
  ]) {
    const found = termsOf(wording(text, text, null));
    for (const term of found.keys()) assert.match(term, /^[a-z]+:[^\s]{1,40}$/u);
  }
});

test('numbers are told from words', () => {
  assert.deepEqual(['en:100', 'en:3x8', 'en:fed', 'ja:日銀'].map(isNumber), [true, true, false, false]);
});
