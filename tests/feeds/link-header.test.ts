import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLinkHeader } from '../../src/feeds/link-header.ts';

const BASE = 'https://a.example/blog/';
const read = (header: string) => readLinkHeader(header, BASE).map(({ url, rels }) => [url, rels.join(' ')]);

test('links are read with their parameters, quoted or not, relative or not', () => {
  assert.deepEqual(
    readLinkHeader('</feed>; rel=alternate; type="application/rss+xml"; title="A, \\"b\\"; c"; hreflang=ja', BASE),
    [
      {
        url: 'https://a.example/feed',
        rels: ['alternate'],
        type: 'application/rss+xml',
        title: 'A, "b"; c',
        language: 'ja',
      },
    ],
  );
  assert.deepEqual(read('<https://hub.example/>; rel="hub", <self.xml>; REL="Self Alternate"; rel=hub'), [
    ['https://hub.example/', 'hub'],
    ['https://a.example/blog/self.xml', 'self alternate'],
  ]);
});

test('what is no link of this document is left out', () => {
  assert.deepEqual(read('nonsense, <http://[>; rel=hub, <x>; rel=hub; anchor="#other"'), []);
  assert.deepEqual(readLinkHeader(undefined, BASE), []);
});

test('any header is read without an error', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('<', '>', '"', ';', ',', '=', '\\', 'rel', 'hub', ' ', '/')), (parts) => {
      for (const { url } of readLinkHeader(parts.join(''), BASE)) assert.ok(URL.canParse(url));
    }),
  );
  assert.equal(readLinkHeader('<x>;rel="'.repeat(100_000), BASE).length <= 100, true);
});
