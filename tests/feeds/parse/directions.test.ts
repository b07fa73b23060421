import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { closeDirections } from '../../../src/feeds/parse/directions.ts';

const [LRE, RLE, PDF, LRO, RLO] = ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e'];
const [LRI, RLI, FSI, PDI] = ['\u2066', '\u2067', '\u2068', '\u2069'];

it('leaves texts without such characters, and with what is closed, as they are', () => {
  for (const text of [
    '',
    'Toyoda to become president',
    'مصر: \u200fالبرلمان يصوت\u200e (BBC)',
    `${RLE}البرلمان ${LRE}BBC News${PDF} يصوت${PDF}`,
    `كتب ${FSI}John Smith${PDI} في ${LRI}The ${RLI}א${PDI} Times${PDI}`,
    `a${RLI}b${RLE}c${PDI}d`,
  ]) {
    assert.equal(closeDirections(text), text);
  }
});

it('closes what is left open, innermost first, and each line by itself', () => {
  assert.equal(closeDirections(`${RLE}البرلمان`), `${RLE}البرلمان${PDF}`);
  assert.equal(closeDirections(`a ${RLO}gnp.exe`), `a ${RLO}gnp.exe${PDF}`);
  assert.equal(closeDirections(`${RLI}a${LRO}b${FSI}c`), `${RLI}a${LRO}b${FSI}c${PDI}${PDF}${PDI}`);
  assert.equal(closeDirections(`${RLE}a\nb${PDF}\n\n${RLI}c`), `${RLE}a${PDF}\nb\n\n${RLI}c${PDI}`);
});

it('leaves out what ends nothing', () => {
  assert.equal(closeDirections(`a${PDF}b${PDI}c`), 'abc');
  // An embedding does not end outside of the isolate in which it began, nor one from outside within it.
  assert.equal(closeDirections(`${RLI}a${RLE}b${PDI}c${PDF}d`), `${RLI}a${RLE}b${PDI}cd`);
  assert.equal(closeDirections(`${RLE}a${LRI}b${PDF}c${PDI}d${PDF}`), `${RLE}a${LRI}bc${PDI}d${PDF}`);
});

it('keeps sixteen levels, whatever is opened', () => {
  const closed = closeDirections(`${RLO.repeat(1000)}a${PDF.repeat(3)}b`);
  assert.equal(closed, `${RLO.repeat(16)}ab${PDF.repeat(16)}`);
  assert.equal(closeDirections(`${LRI.repeat(20)}a${PDI.repeat(20)}`), `${LRI.repeat(16)}a${PDI.repeat(16)}`);
});

it('of any text keeps all words, leaves nothing open, and a second time changes nothing', () => {
  const piece = fc.constantFrom(LRE, RLE, PDF, LRO, RLO, LRI, RLI, FSI, PDI, 'a', 'א', '\n', '😀');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      const closed = closeDirections(text);
      const words = (all: string) => all.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
      assert.equal(words(closed), words(text));
      assert.equal(closeDirections(closed), closed);
      for (const line of closed.split('\n')) assert.equal(reduced(line), '');
    }),
  );
});

/** What is left when everything is taken out that opens and ends; an isolate takes the open embeddings in it along. */
function reduced(line: string): string {
  const embedding = /[\u202a\u202b\u202d\u202e]\u202c/g;
  const isolate = /[\u2066-\u2068][\u202a\u202b\u202d\u202e]*\u2069/g;
  let text = line.replace(/[^\u202a-\u202e\u2066-\u2069]/g, '');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(embedding, '').replace(isolate, '');
  }
  return text;
}
