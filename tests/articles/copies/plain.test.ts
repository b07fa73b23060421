import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { comparable } from '../../../src/articles/copies/comparable.ts';
import { leadOf } from '../../../src/articles/copies/lead.ts';
import { plainWords } from '../../../src/articles/copies/plain.ts';
import { learnSuffixes, stripPublishers } from '../../../src/articles/copies/publishers.ts';
import { stripWireMarks } from '../../../src/articles/copies/wire-marks.ts';
import { draftArticle } from '../../../src/articles/draft.ts';
import { feedId } from '../../../src/ids.ts';
import { entryOf, NOW } from '../entries.ts';

const FEED = { id: feedId(7), host: 'example.com', categories: [] };

/** Titles as feeds have them: Latin and Japanese words, digits, and what stands between them. */
const title = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Tokyo',
        'shares',
        'rise',
        'U.S.',
        '1,000',
        '4.1%',
        'two',
        '日銀',
        '利上げ',
        'ﾆｭｰｽ',
        'Ａ',
        '-',
        '|',
        '(Video)',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((words) => words.join(' '));

test('plain words stay as they are, have no capitals, and no two spaces', () => {
  fc.assert(
    fc.property(title, (text) => {
      const plain = plainWords(text);
      assert.equal(plain, plain.toLowerCase().trim());
      assert.doesNotMatch(plain, / {2}/);
      assert.match(plain, /^[\p{L}\p{N}\p{M}. ]*$/u);
      return plainWords(plain) === plain;
    }),
  );
});

test('case, width and punctuation make no difference', () => {
  const word = fc.constantFrom('tokyo', 'shares', 'rise', 'again', '日銀', 'が', '利上げ', '2026');
  const between = fc.constantFrom(' ', ', ', ' – ', '… ', ': ', '　', ' "');
  const words = fc.array(fc.tuple(word, between), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(words, (parts) => {
      const written = parts.map(([one, space]) => one + space).join('');
      const plain = plainWords(parts.map(([one]) => one).join(' '));
      return plainWords(written.toUpperCase()) === plain && plainWords(written.normalize('NFKD')) === plain;
    }),
  );
});

test('nothing that a feed can say makes comparing fail or yield nothing, or what cannot be stored', () => {
  const filling = fc.constantFrom('', 'x'.repeat(295), '日銀 '.repeat(99));
  const any = fc.string({ unit: 'binary', maxLength: 200 });
  fc.assert(
    fc.property(filling, fc.oneof(title, any), any, (start, text, summary) => {
      const draft = draftArticle(entryOf({ title: start + text, summary }), FEED, NOW);
      // There is no article of what shows nothing.
      if (draft === undefined) return;
      const one = comparable(draft.title, draft.summary);
      assert.ok(one.titleShingles.length > 0);
      assert.ok(one.bare.isWellFormed());
      assert.ok(Array.from(one.lead).length <= 400);
    }),
  );
});

test('numbers and abbreviations in one spelling', () => {
  for (const [a, b] of [
    ['U.S. adds 1,000 jobs', 'US adds 1000 jobs'],
    ['Velora pays $1.2bn', 'Velora pays $1.2 billion'],
    ['Rate at 4.1%', 'rate at 4.1 per cent'],
    ['Three dead', '3 dead'],
    ['Judge’s ‘final’ word', 'Judges final word'],
    ['Café Noël', 'Cafe Noel'],
    ['支持率４２％', '支持率42パーセント'],
    ['がんばる ﾆｭｰｽ', 'がんばるニュース'],
  ] as const) {
    assert.equal(plainWords(a), plainWords(b));
  }
  assert.notEqual(plainWords('は'), plainWords('ば'), 'a voiced sound is another');
});

test('wire marks', () => {
  const bare = 'Central bank holds rates, sees slower growth';
  for (const mark of [
    'UPDATE 2-%',
    'UPDATE 2 - %',
    '% (UPDATE 2)',
    'REFILE-%',
    'WRAPUP 4-%',
    'UPDATE 1-US STOCKS-%',
    'BREAKING: %',
    'WATCH | %',
    '% (Video)',
    '% [VIDEO]',
    '% (2nd LEAD)',
    'EXCLUSIVE - %',
    '% - video',
    'CORRECTED-UPDATE 1-%',
    '【速報】%',
    '%【動画】',
    '＜独自＞%',
    '% (1/2枚目)',
    '%(写真全12枚)',
    '〔更新〕%',
  ]) {
    assert.equal(stripWireMarks(mark.replace('%', bare).normalize('NFKC')), bare, mark);
  }
  for (const kept of [
    'COVID-19 cases rise',
    'Update: none',
    'Video games sell well',
    'UPDATE 2',
    '【巨人】山田が移籍',
    'X-ray shows all',
  ]) {
    const left = stripWireMarks(kept);
    assert.ok(left.length >= 4, `${kept}: ${left}`);
  }
  assert.equal(stripWireMarks('COVID-19 cases rise'), 'COVID-19 cases rise');
  assert.equal(stripWireMarks('【巨人】山田が移籍'), '【巨人】山田が移籍');
  assert.equal(stripWireMarks('Video games sell well'), 'Video games sell well');
  assert.equal(stripWireMarks('UPDATE 2-'), 'UPDATE 2-', 'a title of nothing else');
});

test('publishers at the end', () => {
  const bare = 'Mayor unveils plan for the old town';
  for (const tail of [
    ' - Reuters',
    ' | Sky News',
    ' (AP)',
    ' - The Washington Post',
    ' – techdaily.com',
    ' - Port Selby Gazette',
    ' (AFP) - Yahoo News',
  ]) {
    assert.equal(stripPublishers(bare + tail), bare, tail);
  }
  const japanese = '市長選、現職の山本氏が3選';
  for (const tail of [
    '(毎日新聞)',
    ' - Yahoo!ニュース',
    ' | NHKニュース',
    ':朝日新聞デジタル',
    '(読売新聞オンライン) - Yahoo!ニュース',
  ]) {
    assert.equal(stripPublishers(japanese + tail), japanese, tail);
  }
  for (const kept of [
    'Dark matter - what we know',
    'Liverpool 2-1 Everton - player ratings',
    '首相会見(全文)',
    'A plan for the post',
  ]) {
    assert.equal(stripPublishers(kept), kept);
  }
  assert.equal(stripPublishers(`${bare} / Selby Now`, [' / Selby Now']), bare, 'learnt');
});

test('what half of a feed’s last titles end in is learnt, and nothing from a few', () => {
  const titles = Array.from(
    { length: 12 },
    (_, index) => `Story number ${index} of many${index % 3 === 0 ? '' : ' : Selby Now'}`,
  );
  assert.deepEqual(learnSuffixes(titles), [' : Selby Now']);
  assert.deepEqual(learnSuffixes(titles.slice(0, 4)), []);
  const later = [...titles, ...Array.from({ length: 20 }, (_, index) => `Other story ${index}`)];
  assert.deepEqual(learnSuffixes(later), [], 'only the last 20 count');
});

test('the beginning of a summary, without dateline and standing phrases', () => {
  const says = 'copper fell to its lowest in 6 months on monday';
  for (const written of [
    'Reuters - Copper fell to its lowest in six months on Monday',
    'LONDON (Reuters) - Copper fell to its lowest in six months on Monday',
    'LONDON, June 3 (AP) — Copper fell to its lowest in six months on Monday',
    'Copper fell to its lowest in six months on Monday [...]',
    'Copper fell to its lowest in six months on Monday Read more...',
    'Copper fell to its lowest in six months on Monday The post Copper falls appeared first on Metal Daily.',
  ]) {
    assert.equal(leadOf(written, 'copper falls'), says, written);
  }
  assert.equal(leadOf('【熊本共同】トマトの収穫が始まった。…続きを読む', '収穫'), 'トマトの収穫が始まった');
  assert.equal(leadOf('Copper falls  Metal Daily', 'copper falls'), '', 'it says no more than the title');
  assert.equal(leadOf('', 'copper falls'), '');
});
