import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openAccessLog } from '../../../src/views/import/access-log.ts';
import { detectFormat, openReader } from '../../../src/views/import/format.ts';
import { FORMATS } from '../../../src/views/import/formats.ts';
import { BROWSER, combined } from './logs.ts';

const AT = new Date('2026-01-31T03:04:05Z');
const read = openAccessLog();
const view = { at: AT.getTime(), target: '/a?b=c', visitor: '203.0.113.7', agent: BROWSER, isBox: false };

test('lines of the combined and the common format, as servers write them', () => {
  const line = combined({ at: AT, path: '/a?b=c', address: '203.0.113.7' });
  const common = line.slice(0, line.indexOf(' "https:'));
  for (const [text, found] of [
    [line, view],
    [combined({ at: AT, path: '/a?b=c', address: '203.0.113.7' }, -7), view],
    [common, { ...view, agent: undefined }],
    [`${line} 0.003 "-" rt=0.1`, view],
    [line.replace('203.0.113.7', '2001:db8::7'), { ...view, visitor: '2001:db8::7' }],
    [line.replace('- -', '- Jane Doe'), view],
    [`news.example:443 ${line}`, { ...view, target: '//news.example/a?b=c' }],
    [line.replace('/a?b=c', 'https://news.example/a'), { ...view, target: 'https://news.example/a' }],
    [line.replace('/a?b=c', '/a b'), { ...view, target: '/a b' }],
    [line.replace('/a?b=c', '/a\\"b'), { ...view, target: '/a\\"b' }],
    [line.replace(BROWSER, 'odd \\" \\\\'), { ...view, agent: 'odd \\" \\\\' }],
    [line.replace(BROWSER, '-'), { ...view, agent: '' }],
    [line.replace('" 200', '" 304'), view],
    [line.replace(' HTTP/1.1', ''), view],
  ] as const) {
    assert.deepEqual(read(text), found, text);
  }
});

test('other requests and lines that make no sense are told apart', () => {
  const line = combined({ at: AT, path: '/a', address: '203.0.113.7' });
  for (const text of [
    line.replace('GET', 'POST'),
    line.replace('GET', 'HEAD'),
    line.replace('" 200', '" 404'),
    line.replace('" 200', '" 206'),
    line.replace('GET /a HTTP/1.1', '-'),
    line.replace('GET /a HTTP/1.1', '\\x16\\x03\\x01'),
  ]) {
    assert.equal(read(text), 'other-request', text);
  }
  for (const text of [
    'nonsense',
    '[',
    line.slice(0, -1),
    line.slice(0, 60),
    line.replace('Jan', 'Jab'),
    line.replace('Jan', 'anF'),
    line.replace('31/Jan', '31/Feb'),
    line.replace('12:04:05', '24:04:05'),
    line.replace('12:04:05', '12:04:61'),
    line.replace('+0900', '+9900'),
    line.replace('" 200', '" 2x0'),
    line.replace('" 200', '" 2000'),
    line.replace('"GET', 'GET'),
    line.replace('GET /a HTTP/1.1', 'GET  HTTP/1.1'),
  ]) {
    assert.equal(read(text), 'invalid', text);
  }
  const far = read(line.replace('/2026:', '/9999:'));
  assert.equal(typeof far === 'object' && new Date(far.at).getUTCFullYear(), 9999);
});

test('JSON Lines and CSV say the same, whatever their columns are called and in which order', () => {
  const json = openReader('jsonl', 'Asia/Tokyo');
  const url = 'https://news.example/記事';
  const of = (fields: object) => json(Buffer.from(JSON.stringify(fields)).toString('latin1'));
  const named = { at: AT.getTime(), target: url, visitor: 'visitor 7', agent: undefined, isBox: false };
  assert.deepEqual(of({ url, at: '2026-01-31T03:04:05Z', visitor: 7 }), named);
  assert.deepEqual(of({ url, at: '2026-01-31 12:04:05', visitor: '7', other: [] }), named);
  assert.deepEqual(of({ url, at: AT.getTime(), visitor: '7', ref: 'box' }), { ...named, isBox: true });
  assert.deepEqual(of({ url, at: AT.getTime() / 1000 + 0.25, visitor: '7' }), { ...named, at: AT.getTime() + 250 });
  assert.deepEqual(of({ url, at: `${AT.getTime()}.75`, visitor: '7' }), named);
  const marked = `\xef\xbb\xbf${JSON.stringify({ article: '0123456789ab', at: AT, visitor: 7 })}`;
  assert.deepEqual(json(marked), { ...named, target: '0123456789ab' });
  assert.equal(detectFormat([marked]), 'jsonl');
  const address = { at: AT.toISOString(), article: '0123456789ab', address: '::1', userAgent: BROWSER };
  const addressed = { ...view, target: '0123456789ab', visitor: '::1' };
  assert.deepEqual(of(address), addressed);
  assert.deepEqual(of({ url, at: AT.toISOString() }), { ...named, visitor: undefined });
  for (const bad of [{ url }, { at: AT }, { url, at: 'then' }, { url: {}, at: AT }, [], null, 'x']) {
    assert.equal(of(bad as object), 'invalid', JSON.stringify(bad));
  }
  assert.equal(of({ ...address, method: 'POST' }), 'other-request');
  assert.equal(json('{"url":'), 'invalid');

  const csv = openReader('csv', 'Asia/Tokyo');
  assert.equal(csv('\xef\xbb\xbf"Time";Other;"User-Agent";article;ip'), 'heading');
  assert.deepEqual(csv(`2026-01-31T03:04:05Z;"x;""y""";"${BROWSER}";0123456789ab;::1`), addressed);
  assert.equal(csv('\xef\xbb\xbf"Time";Other;"User-Agent";article;ip'), 'heading');
  for (const bad of ['a;b', '"2026;;;;', '2026-01-31T03:04:05Z;"x"y;;0123456789ab;', ';;;;', '"']) {
    assert.equal(csv(bad), 'invalid', bad);
  }
  assert.equal(openReader('csv', 'UTC')('no,such,columns'), 'invalid');
});

test('the format is told by the first lines, broken ones among them', () => {
  const line = combined({ at: AT, path: '/a', address: '203.0.113.7' });
  assert.equal(detectFormat(['rubbish', '', line, line]), 'combined');
  assert.equal(detectFormat(['{"a":1}', '{"url":"https://x.example/","at":"2026-01-31T03:04:05Z"}']), 'jsonl');
  assert.equal(detectFormat(['', 'at,url', 'x,y']), 'csv');
  assert.throws(() => detectFormat(['<html>', '']), { code: 'log-unreadable' });
});

test('no bytes make a reader throw, and what it reads has a time and a target', () => {
  const line = combined({ at: AT, path: '/a', address: '203.0.113.7' });
  const seeds = [
    line,
    `{"url":"https://x.example","at":"2026-01-31T03:04:05Z","visitor":"é"}`,
    'at,url,visitor',
    '"a","b"',
  ];
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'));
  const broken = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.nat(200),
      fc.nat(200),
      fc.oneof(bytes, fc.constantFrom('"', '\\', '[', ']', '\0', ' ')),
    )
    .map(([seed, from, length, put]) => seed.slice(0, from) + put + seed.slice(from + (length % 20)));
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS), fc.array(fc.oneof(bytes, broken), { maxLength: 6 }), (format, lines) => {
      const reader = openReader(format, 'Asia/Tokyo');
      for (const text of ['at,url', ...lines]) {
        const found = reader(text);
        if (typeof found === 'object') assert.ok(Number.isFinite(found.at) && found.target !== '', text);
      }
    }),
    { numRuns: 2000 },
  );
});
