import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNamedHub } from '../../../src/feeds/websub/named-hub.ts';
import { parsed } from '../poll-fixtures.ts';

const URL_OF_FEED = 'https://a.example/feed';
const feed = { ...parsed(), hubUrl: 'https://hub.example/', selfUrl: 'https://a.example/self' };
const named = (header?: string, from = feed) => {
  const { hubUrl, selfUrl } = withNamedHub(from, header, URL_OF_FEED);
  return [hubUrl, selfUrl];
};

test('the Link header goes before the document', () => {
  assert.deepEqual(named(), ['https://hub.example/', 'https://a.example/self']);
  assert.deepEqual(named('</style>; rel=preload'), ['https://hub.example/', 'https://a.example/self']);
  assert.deepEqual(named('<https://other.example/hub>; rel="hub", </topic>; rel=self'), [
    'https://other.example/hub',
    'https://a.example/topic',
  ]);
});

test('a hub at an address that no feed may have is none', () => {
  assert.deepEqual(named('<https://hub.example:22/>; rel=hub, <ftp://a.example/>; rel=self'), [null, null]);
  assert.deepEqual(named(undefined, { ...feed, hubUrl: 'https://user:secret@hub.example/' })[0], null);
});
