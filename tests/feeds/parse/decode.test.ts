import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText, cutText, repairLatin, repairWindows } from '../../../src/feeds/parse/clean.ts';
import { decodeBody } from '../../../src/feeds/parse/decode.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...values: number[]) => Uint8Array.from(values);
const declared = (label: string, ...tail: number[]) =>
  Uint8Array.from([...utf8(`<?xml version="1.0" encoding="${label}"?>`), ...tail]);
const tailOf = (text: string) => text.slice(text.indexOf('?>') + 2);

test('a mark says more than HTTP, HTTP more than the declaration', () => {
  assert.equal(decodeBody(bytes(0xef, 0xbb, 0xbf, 0xc3, 0xa9), 'text/xml; charset=shift_jis'), 'é');
  assert.equal(decodeBody(bytes(0xfe, 0xff, 0x30, 0x42), 'text/xml; charset=utf-8'), 'あ');
  assert.equal(tailOf(decodeBody(declared('euc-jp', 0x82, 0xa0), 'text/xml; charset="Shift_JIS"')), 'あ');
  assert.equal(tailOf(decodeBody(declared('EUC-JP', 0xa4, 0xa2), 'application/xml')), 'あ');
  assert.equal(tailOf(decodeBody(declared('koi8-r', 0xc1), null)), 'а');
});

test('a label that the bytes contradict says nothing', () => {
  assert.equal(tailOf(decodeBody(declared('utf-8', 0xe9, 0x20), 'text/xml; charset=utf-8')), 'é ');
  assert.equal(tailOf(decodeBody(declared('utf-16', 0x61), null)), 'a');
  assert.equal(tailOf(decodeBody(declared('no-such-charset', 0xc3, 0xa9), null)), 'é');
  assert.equal(decodeBody(utf8('日本'), 'text/xml; charset=us-ascii'), '日本');
});

test('two and four bytes a character are known by their zeros', () => {
  assert.equal(decodeBody(new Uint8Array(Buffer.from('<é>', 'utf16le')), null), '<é>');
  assert.equal(decodeBody(bytes(0, 0x3c, 0, 0xe9), null), '<é');
  assert.equal(decodeBody(bytes(0, 0, 0, 0x3c, 0, 1, 0xf6, 0), null), '<😀');
  assert.equal(decodeBody(bytes(0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0), null), '<');
});

test('a few broken bytes do not change the charset of a text', () => {
  const text = decodeBody(Uint8Array.from([...utf8('日本語の新聞'), 0xff, ...utf8('記事')]), null);
  assert.equal(text, '日本語の新聞\ufffd記事');
});

test('UTF-8 comes back as it was, with and without a mark', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(decodeBody(utf8(`<a>${text}`), null), `<a>${text}`);
      assert.equal(decodeBody(utf8(`\ufeff<a>${text}`), null), `<a>${text}`);
    }),
  );
});

test('any bytes are decoded to a well-formed string', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.option(fc.string()), (body, label) => {
      const text = decodeBody(body, label === null ? null : `text/xml; charset=${label}`);
      assert.doesNotMatch(cleanText(text), /\p{Surrogate}/u);
    }),
  );
});

test('text encoded twice is repaired, other text left alone', () => {
  assert.equal(repairLatin('DÃ©jÃ\u00a0 vu'), 'Déjà vu');
  assert.equal(repairLatin('â€œNo Latinâ€'), 'â€œNo Latinâ€');
  assert.equal(repairWindows('â€œYesâ€\u009d, cafÃ©'), '“Yes”, café');
  for (const text of ['café', 'SÃO PAULO', 'Ã', '日本 Ã©']) assert.equal(repairWindows(text), text);
});

test('clean text has no controls, and those of windows-1252 are what was meant', () => {
  assert.equal(cleanText('a\0b\u0007c\td\ne\u007f\ufffe'), 'abc\td\ne');
  assert.equal(cleanText('it\u0092s \u0080 5'), 'it’s € 5');
  assert.equal(cleanText('x\ud83dy😀\ude00'), 'xy😀');
});

test('a cut never leaves half a character', () => {
  assert.equal(cutText('a😀b', 2), 'a');
  assert.equal(cutText('a😀b', 3), 'a😀');
  assert.equal(cutText('abc', 3), 'abc');
});
