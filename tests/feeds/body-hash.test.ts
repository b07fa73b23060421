import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bodyHashOf } from '../../src/feeds/body-hash.ts';

const hash = (text: string | Uint8Array) =>
  Buffer.from(bodyHashOf(typeof text === 'string' ? Buffer.from(text) : text)).toString('hex');
const same = (a: string, b: string, why?: string) => assert.equal(hash(a), hash(b), why);
const differs = (a: string, b: string, why?: string) => assert.notEqual(hash(a), hash(b), why);

const ITEM = '<item><title>T</title><pubDate>Mon</pubDate></item>';
const rss = (head: string, items = ITEM, tail = '') =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${head}${items}${tail}</channel></rss>`;
const atom = (head: string, entries = '<entry><updated>1</updated></entry>') =>
  `\ufeff<feed xmlns="http://www.w3.org/2005/Atom">${head}${entries}</feed>`;

test('what changes with each build outside the entries does not count', () => {
  same(rss('<lastBuildDate>Mon</lastBuildDate>'), rss('<lastBuildDate>Tue, 3 Mar</lastBuildDate>'));
  same(rss('<PubDate >1</PubDate>'), rss('<PubDate >2</PubDate>'));
  same(rss('<ttl>5</ttl><generator>Press 1.2</generator>'), rss('<ttl>4</ttl><generator>Press 1.3</generator>'));
  same(rss('<dc:date>2026-03-04</dc:date>'), rss('<dc:date>2026-03-05</dc:date>'));
  same(atom('<updated>1</updated>'), atom('<updated>2</updated>'));
  same(atom('<generator uri="x" version="1">a</generator>'), atom('<generator uri="x" version="2">a</generator>'));
  same(rss('<!-- built in 0.1 s -->'), rss('<!-- built in 0.2 s, <updated>x</updated> -->'));
  same(rss('', ITEM, '<lastBuildDate>1</lastBuildDate>'), rss('', ITEM, '<lastBuildDate>2</lastBuildDate>'));
  same(`${rss('')}<!-- Cached 10:00 -->`, `${rss('')}<!-- Cached 10:05 -->`);
  same(`${rss('')}\n`.replace('item>', 'a:item>'), `${rss('')}\n`.replace('item>', 'a:item>'));
});

test('all else counts', () => {
  differs(rss(''), rss('', ITEM.replace('T<', 'U<')));
  differs(rss(''), rss('', ITEM.replace('Mon', 'Tue')), "an entry's own date");
  differs(atom('', '<entry><updated>1</updated></entry>'), atom('', '<entry><updated>2</updated></entry>'));
  differs(rss(''), rss('', ITEM.replace('</title>', '</title><!-- x -->')), 'a comment in an entry');
  differs(rss('', ITEM + ITEM), rss('', ITEM));
  differs(rss('<title>A</title>'), rss('<title>B</title>'));
  differs(rss('<link>/1</link>'), rss('<link>/2</link>'));
  differs(rss('<updatedBy>1</updatedBy>'), rss('<updatedBy>2</updatedBy>'));
  const prefixed = (date: string) =>
    `<ñ:feed xmlns:ñ="http://www.w3.org/2005/Atom"><ñ:entry><ñ:updated>${date}</ñ:updated></ñ:entry></ñ:feed>`;
  differs(prefixed('1'), prefixed('2'), 'whatever the prefix');
  differs(rss('', '<ITEM><pubDate>1</pubDate></ITEM>'), rss('', '<ITEM><pubDate>2</pubDate></ITEM>'));
  const open = (date: string) => rss('', `${ITEM}<item><title>U</title><pubDate>${date}</pubDate>`);
  differs(open('1'), open('2'), 'an entry that is never closed is no tail');
  differs(rss('', ITEM, '<item a="1"/>'), rss('', ITEM, '<item a="2"/>'));
});

test('where the entries cannot be told from the bytes, every byte counts', () => {
  const json = (date: string) => `{"items":[{"content_html":"<updated>${date}</updated><item >"}]}`;
  differs(json('1'), json('2'));
  differs(`junk${rss('<ttl>1</ttl>')}`, `junk${rss('<ttl>2</ttl>')}`);
  differs('<feed><updated>1</updated></feed>', '<feed><updated>2</updated></feed>');
  const wide = (date: string) => Buffer.from(rss('', ITEM.replace('Mon', date)), 'utf16le');
  assert.notEqual(hash(wide('1')), hash(wide('2')));
  const long = `<description>${'x'.repeat(70_000)}</description>`;
  differs(rss(`<ttl>1</ttl>${long}`), rss(`<ttl>2</ttl>${long}`));
});

test('what is left out never lets two different lists of entries look alike', () => {
  const word = fc.constantFrom(
    ...['<updated>', '</updated>', '<ttl>1</ttl>', '<ttl>2</ttl>', '<!--', '-->', '<it', 'em>', '</item>', '</entry>'],
    ...['<item>', '<entry ', '<a:item/>', '\0', 'x', ' ', '<![CDATA[', ']]>', '<pubDate>1</pubDate>', '>', '<'],
  );
  const words = fc.array(word, { maxLength: 14 }).map((list) => list.join(''));
  // All between the first tag that may be of an entry and the last: what must count byte by byte.
  const entriesOf = (text: string) => {
    const first = text.search(/[<:](item|entry)[\s>/]/i);
    const last = Math.max(text.lastIndexOf('item>'), text.lastIndexOf('entry>'), text.lastIndexOf('item/>'));
    return first < 0 ? text : text.slice(first, Math.max(last, first));
  };
  fc.assert(
    fc.property(words, words, words, (head, entries, tail) => {
      const a = `<rss>${head}${entries}${tail}</rss>`;
      const b = `<rss>${head}${entries.replace('1', '3')}${tail}</rss>`;
      const c = `<rss>${tail}${entries}${head}</rss>`;
      for (const other of [b, c]) if (hash(a) === hash(other)) assert.equal(entriesOf(a), entriesOf(other));
    }),
    { numRuns: 2000 },
  );
});

test('any one byte of an entry counts, whatever is around it', () => {
  const noise = fc.constantFrom('', '<ttl>9</ttl>', '<!-- c -->', '<lastBuildDate>Mon</lastBuildDate>', '<link/>');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), noise, noise, (text, place, head, tail) => {
      const item = `<item><title>${text}</title><pubDate>Mon</pubDate></item>`;
      const at = 6 + (place % (item.length - 13));
      const changed = `${item.slice(0, at)}§${item.slice(at)}`;
      differs(rss(head, item, tail), rss(head, changed, tail));
    }),
  );
});

test('any bytes are hashed, in time that grows with their number', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => bodyHashOf(bytes).length === 32));
  for (const unit of ['<!--', '<updated', '<updated>', '<a:updated x>', '</item>', '<!-- --', '<item ']) {
    const text = `<rss>${unit.repeat(Math.ceil(2_000_000 / unit.length))}`;
    assert.equal(hash(text), hash(text));
  }
});
