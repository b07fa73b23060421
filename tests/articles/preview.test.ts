import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previewEntries } from '../../src/articles/preview.ts';
import type { Entry } from '../../src/feeds/entry.ts';

const NOW = new Date('2026-03-04T10:30:00Z');

function entry(more: Partial<Entry>): Entry {
  return {
    ...{ guid: null, url: null, title: '', summary: '', content: '', author: null, keywords: [], image: null },
    ...{ enclosures: [], publishedAt: null, updatedAt: null, language: null },
    ...more,
  };
}

test('entries are shown as they would be stored, dates clamped and titles made', () => {
  const { entries, rejected } = previewEntries(
    [
      entry({ guid: 'a', title: 'A', url: 'https://a.example/1?utm_source=x', publishedAt: new Date('2036-01-01') }),
      entry({ guid: 'b', summary: 'Words without a title.' }),
    ],
    'a.example',
    NOW,
  );
  assert.deepEqual(rejected, []);
  assert.deepEqual(
    entries.map(({ title, publishedAt, publishedFrom }) => ({ title, publishedAt, publishedFrom })),
    [
      { title: 'A', publishedAt: NOW, publishedFrom: 'feed' },
      { title: 'Words without a title.', publishedAt: NOW, publishedFrom: 'first-seen' },
    ],
  );
});

test('what would not be stored is named by its place, with the reason', () => {
  const { entries, rejected } = previewEntries(
    [
      entry({ guid: 'a', title: 'Same', url: 'https://a.example/1', publishedAt: new Date('2026-03-01') }),
      entry({ guid: 'empty' }),
      entry({ guid: 'a', title: 'Same', url: 'https://a.example/1', publishedAt: new Date('2026-03-02') }),
    ],
    'a.example',
    NOW,
  );
  assert.deepEqual(
    entries.map(({ publishedAt }) => publishedAt),
    [new Date('2026-03-02')],
  );
  assert.deepEqual(
    rejected.map(({ index, guid }) => [index, guid]),
    [
      [0, 'a'],
      [1, 'empty'],
    ],
  );
  assert.match(rejected[0]?.message ?? '', /same article as another entry/);
  assert.match(rejected[1]?.message ?? '', /nothing to list/);
});
