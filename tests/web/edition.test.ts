import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inLanguage, openEditions } from '../../src/web/edition.ts';
import { preferredLanguage } from '../../src/web/language.ts';
import { EN } from '../../src/web/words/en.ts';
import { JA } from '../../src/web/words/ja.ts';

const editionOf = openEditions('Asia/Tokyo');

describe('the language that a browser asks for', () => {
  const cases: readonly [string | undefined, 'en' | 'ja'][] = [
    [undefined, 'en'],
    ['', 'en'],
    ['ja', 'ja'],
    ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
    ['en-US,en;q=0.9,ja;q=0.8', 'en'],
    ['en;q=0.5, JA;q=0.8', 'ja'],
    ['fr,de;q=0.9,ja;q=0.1', 'ja'],
    ['fr', 'en'],
    ['ja;q=0, *', 'en'],
    ['ja;q=nonsense', 'en'],
    [`${'x,'.repeat(5000)}ja`, 'ja'],
    [`ja ; q=1, en${' '.repeat(2 ** 20)}x`, 'ja'],
  ];
  for (const [accepted, language] of cases) {
    test(`${accepted?.slice(0, 40)}: ${language}`, () => assert.equal(preferredLanguage(accepted), language));
  }
});

test('what the URL names comes first, and only then do links keep it', () => {
  const [chosen, asked] = [editionOf('ja', 'en'), editionOf(undefined, 'ja')];
  assert.deepEqual([chosen.language, chosen.href('/ranking?window=1h')], ['ja', '/ranking?window=1h&lang=ja']);
  assert.deepEqual([asked.language, asked.href('/ranking?window=1h')], ['ja', '/ranking?window=1h']);
  for (const odd of ['fr', ['ja', 'en'], '', 7]) assert.equal(editionOf(odd, 'ja').isChosen, false);
});

test('a link names its language once, before the fragment', () => {
  for (const [path, expected] of [
    ['/', '/?lang=ja'],
    ['/?lang=en', '/?lang=ja'],
    ['/search?q=a+b&lang=en&from=', '/search?q=a+b&from=&lang=ja'],
    ['/article/x#box', '/article/x?lang=ja#box'],
    ['/search?q=language&lang', '/search?q=language&lang=ja'],
  ] as const) {
    assert.equal(inLanguage(path, 'ja'), expected);
  }
});

test('texts are marked where they are in another language than the edition', () => {
  const [english, japanese] = [editionOf('en', ''), editionOf('ja', '')];
  for (const [text, stated, inEnglish, inJapanese] of [
    ['Diet to Debate', null, null, 'en'],
    ['首都高で多重事故', 'en', 'ja', null],
    ['Élections', 'fr', 'fr', 'fr'],
    ['東京', 'zh_TW', 'zh-TW', 'zh-TW'],
  ] as const) {
    assert.equal(english.mark(text, stated), inEnglish, text);
    assert.equal(japanese.mark(text, stated), inJapanese, text);
  }
});

test('a newspaper’s time in both languages', () => {
  const at = new Date('2024-11-26T03:48:00Z');
  assert.equal(editionOf('en', '').dates.full(at), '12:48 JST, November 26, 2024');
  assert.equal(editionOf('ja', '').dates.full(at), '2024年11月26日 12:48 JST');
});

test('Japanese says all that English says, in its own words', () => {
  assert.deepEqual(Object.keys(JA).sort(), Object.keys(EN).sort());
  for (const [name, text] of Object.entries(JA)) {
    if (typeof text === 'string') assert.match(text, /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, name);
  }
});
