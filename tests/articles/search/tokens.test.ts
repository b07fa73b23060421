import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tsvectorOf } from '../../../src/articles/search/document.ts';
import { foldText } from '../../../src/articles/search/fold.ts';
import { stemWord } from '../../../src/articles/search/stem.ts';
import { tokensOf } from '../../../src/articles/search/tokens.ts';
import { newArticleId } from '../../../src/ids.ts';

const textsOf = (text: string) => [...tokensOf(text)].map((token) => token.text);

describe('tokens', () => {
  it('are the words of scripts with spaces, folded', () => {
    for (const [text, expected] of [
      ['Japan’s Ｍinister said: “No”', ['japan', 'minister', 'said', 'no']],
      ['Élection à Łódź, Straße, Ærø', ['election', 'a', 'lodz', 'strasse', 'aero']],
      ['U.S.-Japan talks, the U.K. and e.g. A.B', ['us', 'japan', 'talks', 'the', 'uk', 'and', 'eg', 'ab']],
      ['1,000 of 3.5 and 1,234.5, in 2026.', ['1000', 'of', '3.5', 'and', '1234.5', 'in', '2026']],
      ['Новый год, Ελλάδας', ['новыи', 'год', 'ελλαδασ']],
      ['शिक्षा नीति', ['शिक्षा', 'नीति']],
      ['مُحَمَّد', ['محمد']],
    ] as const) {
      assert.deepEqual(textsOf(text), expected, text);
    }
  });

  it('are pairs of neighbours where scripts have no spaces', () => {
    assert.deepEqual(
      [...tokensOf('東京でiPhone１５を')].map(({ text, position, kind }) => `${text}${position}${kind[0]}`),
      ['東京0p', '京で1p', 'で2t', 'iphone153w', 'を4t'],
    );
    assert.deepEqual(textsOf('ﾃﾞｰﾀ'), ['デー', 'ータ', 'タ']);
    assert.deepEqual(textsOf('ក\u19e0'), ['ក'], 'symbols of such scripts are no words');
    assert.deepEqual(textsOf('한국어'), ['한국', '국어', '어']);
    assert.ok(textsOf('ข่าววันนี้').length > 5);
  });

  it('hold nothing but letters, digits, marks and inner dots, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0x10ffff), { maxLength: 60 }), (points) => {
        const text = String.fromCodePoint(...points);
        for (const token of textsOf(text)) assert.match(token, /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}.]*)$/u);
      }),
    );
  });

  it('are folded once for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        assert.deepEqual(textsOf(foldText(text)), textsOf(text));
      }),
    );
  });
});

describe('stems', () => {
  it('are the singular, and whole words that only look like plurals', () => {
    for (const [plural, singular] of [
      ['elections', 'election'],
      ['policies', 'policy'],
      ['boxes', 'box'],
      ['churches', 'church'],
      ['news', 'news'],
      ['virus', 'virus'],
      ['congress', 'congress'],
      ['crisis', 'crisis'],
      ['gas', 'gas'],
      ['東京', '東京'],
    ] as const) {
      assert.equal(stemWord(plural), singular);
    }
  });
});

describe('tsvectorOf', () => {
  const id = newArticleId(new Date('2026-11-23T12:00:00Z'), 1);

  it('weighs title, summary and text, and tells the day', () => {
    assert.equal(
      tsvectorOf({ id, title: 'Polls open', summary: 'Open', content: '<p>At <b>seven</b></p>' }),
      `'@d20780' '@b649' 'polls':1A 'poll':1A 'open':2A,13B 'at':24C 'seven':25C`,
    );
  });

  it('is bounded whatever the length of the text', () => {
    const long = tsvectorOf({ id, title: '', summary: '', content: `<p>${'東京都知事選'.repeat(100_000)}</p>` });
    assert.ok(long.length < 20_000, `${long.length}`);
    assert.match(long, /:1020C|,1020C/);
    assert.doesNotMatch(long, /1021C/);
  });
});
