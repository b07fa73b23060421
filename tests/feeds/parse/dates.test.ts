import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDate } from '../../../src/feeds/parse/dates.ts';

const iso = (text: string, zone: string | null = null) =>
  parseDate(text, zone)?.toISOString().replace('.000Z', 'Z') ?? null;

const FORMS: readonly (readonly [string, string | null])[] = [
  // RFC 822 and what became of it.
  ['Tue, 28 May 2024 10:00:00 GMT', '2024-05-28T10:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 +0530', '2024-05-28T04:30:00Z'],
  ['28 May 24 10:00 -0330', '2024-05-28T13:30:00Z'],
  ['Tue,28 May 2024 10:00:00 -0000', '2024-05-28T10:00:00Z'],
  ['Tuesday, May 28th, 2024 at 3:04 pm', '2024-05-28T15:04:00Z'],
  ['Tue, 28 May 2024 12:00 AM', '2024-05-28T00:00:00Z'],
  ['Thu, 01 Jan 70 00:00:00 GMT', '1970-01-01T00:00:00Z'],
  ['Fri, 01 Jan 99 00:00:00 GMT', '1999-01-01T00:00:00Z'],
  ['Sun Jan  4 16:29:06 2004', '2004-01-04T16:29:06Z'],
  ['Sun Jan 4 16:29:06 PDT 2004', '2004-01-04T23:29:06Z'],
  ['Sun Jan 4 16:29:06 2004 PDT', '2004-01-04T23:29:06Z'],
  ['Sun Jan 4 16:29:06 2004 +0900', '2004-01-04T07:29:06Z'],
  ['Tue, 28 May 2024 10:00:00 GMT+0200 (Central European Summer Time)', '2024-05-28T08:00:00Z'],
  // Named zones.
  ['Tue, 28 May 2024 10:00:00 JST', '2024-05-28T01:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 KST', '2024-05-28T01:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 BST', '2024-05-28T09:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 CET', '2024-05-28T09:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 CEST', '2024-05-28T08:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 MESZ', '2024-05-28T08:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 EDT', '2024-05-28T14:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 PT', '2024-05-28T18:00:00Z'],
  ['Tue, 28 May 2024 10:00:00 IST', '2024-05-28T04:30:00Z'],
  ['Tue, 28 May 2024 10:00:00 Europe/Berlin', '2024-05-28T08:00:00Z'],
  ['2024-05-28 10:00 JST', '2024-05-28T01:00:00Z'],
  // ISO 8601, RFC 3339, W3C-DTF, SQL.
  ['2024-05-28T10:00:00Z', '2024-05-28T10:00:00Z'],
  ['2024-05-28T10:00:00.123456789+09:00', '2024-05-28T01:00:00.123Z'],
  ['2024-05-28T24:00:00Z', '2024-05-29T00:00:00Z'],
  ['2024-05-28T10:00+09', '2024-05-28T01:00:00Z'],
  ['2004-07-08 23:56:58 -00:20', '2004-07-09T00:16:58Z'],
  ['20240528T101112Z', '2024-05-28T10:11:12Z'],
  ['2024-149', '2024-05-28T00:00:00Z'],
  ['2024-W22-2', '2024-05-28T00:00:00Z'],
  ['2024-05', '2024-05-01T00:00:00Z'],
  ['03-12-31', '2003-12-31T00:00:00Z'],
  ['031231', '2003-12-31T00:00:00Z'],
  ['-03-12', '2003-12-01T00:00:00Z'],
  ['1716890400', '2024-05-28T10:00:00Z'],
  // Numbers in the order of the country.
  ['5/28/2024', '2024-05-28T00:00:00Z'],
  ['28/5/2024 10:00', '2024-05-28T10:00:00Z'],
  ['28.05.2024 10:00', '2024-05-28T10:00:00Z'],
  ['Fri, 2006/09/15 08:19:53 EDT', '2006-09-15T12:19:53Z'],
  // Other languages.
  ['mar, 28 mai 2024 10:00:00 +0200', '2024-05-28T08:00:00Z'],
  ['28 de mayo de 2024', '2024-05-28T00:00:00Z'],
  ['Di, 28 März 2024 10:00', '2024-03-28T10:00:00Z'],
  ['28 мая 2024 10:00', '2024-05-28T10:00:00Z'],
  ['28 maja 2024', '2024-05-28T00:00:00Z'],
  ['Τρι, 28 Μάι 2024 10:00:00 EEST', '2024-05-28T07:00:00Z'],
  ['2024-május-28T9:15+02:00', '2024-05-28T07:15:00Z'],
  ['2024-05-28 오후 11:23:17', '2024-05-28T14:23:17Z'],
  ['2024년 05월 28일 01:31:15', '2024-05-27T16:31:15Z'],
  ['2024年05月28日', '2024-05-28T00:00:00Z'],
  ['2024年5月28日(火) 午後1時31分', '2024-05-28T04:31:00Z'],
  ['令和6年5月28日 09時05分', '2024-05-28T00:05:00Z'],
  ['２０２４年５月２８日', '2024-05-28T00:00:00Z'],
  // No dates.
  ['Thu, 31 Jun 2024 19:48:21 GMT', null],
  ['2023-02-29', null],
  ['2024-05-28T25:00:00Z', null],
  ['yesterday', null],
  ['', null],
];

for (const [text, expected] of FORMS) {
  test(`reads ${text === '' ? 'nothing' : text}`, () => assert.equal(iso(text), expected));
}

test('a date without zone is one of the default zone, with summer time', () => {
  assert.equal(iso('2024-07-01 12:00', 'Asia/Tokyo'), '2024-07-01T03:00:00Z');
  assert.equal(iso('1 Jul 2024 12:00', 'Europe/Paris'), '2024-07-01T10:00:00Z');
  assert.equal(iso('1 Jan 2024 12:00', 'Europe/Paris'), '2024-01-01T11:00:00Z');
  assert.equal(iso('2024-07-01 12:00', '+05:30'), '2024-07-01T06:30:00Z');
  assert.equal(iso('2024-07-01 12:00', 'Nowhere/Never'), '2024-07-01T12:00:00Z');
});

test('a zone in the date wins over the default zone', () => {
  assert.equal(iso('2024-07-01 12:00 GMT', 'Asia/Tokyo'), '2024-07-01T12:00:00Z');
  assert.equal(iso('Mon, 1 Jul 2024 12:00:00 +0200', 'Asia/Tokyo'), '2024-07-01T10:00:00Z');
});

const instants = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('2069-12-31T23:59:59Z'),
  noInvalidDate: true,
});

test('what toISOString and toUTCString write is read back', () => {
  fc.assert(
    fc.property(instants, (instant) => {
      const second = Math.floor(instant.getTime() / 1000) * 1000;
      assert.equal(parseDate(instant.toISOString(), 'Asia/Tokyo')?.getTime(), instant.getTime());
      assert.equal(parseDate(instant.toUTCString(), 'Asia/Tokyo')?.getTime(), second);
      assert.equal(
        parseDate(` ${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC `, 'Asia/Tokyo')?.getTime(),
        second,
      );
    }),
  );
});

test('any text is a valid date or none', () => {
  const near = fc.stringMatching(/^[0-9A-Za-z年月日時分午前後:+\-/., ]{0,40}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
      const date = parseDate(text, null);
      assert.ok(date === null || !Number.isNaN(date.getTime()));
    }),
  );
});
