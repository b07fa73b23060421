import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinguish, titlesAlike } from '../../../src/articles/stories/patterns.ts';
import { labelledStream } from './labelled.ts';

const START = new Date('2026-11-16T00:00:00Z');

/** What tells the first title from the second, and what the second has there; undefined where they are of no pattern. */
function apart(title: string, sibling: string): [string[], string[]] | undefined {
  if (titlesAlike(title, [sibling]).length === 0) return undefined;
  const { own, barred } = distinguish({ title, summary: '', language: null }, [sibling]);
  return own === undefined ? undefined : [[...own], [...barred]];
}

test('titles of one pattern are told apart by names, dates and numbers of editions', () => {
  for (const [title, sibling, own, barred] of [
    [
      'Yen Steadies as Acme Motors Reports Strong Autumn Orders',
      'Yen Steadies as Borex Reports Strong Autumn Orders',
      ['en:acm', 'en:motor'],
      ['en:borex'],
    ],
    ['Fairfax wellness calendar, Aug. 23', 'Fairfax wellness calendar, Aug. 30', ['en:23'], ['en:30']],
    ['Acme, Rival Agree to Share Drone Standard', 'Borex, Rival Agree to Share Boat Standard', undefined, undefined],
    [
      'Ruling Party Splits on Rail Ahead of Vote in Ota',
      'Ruling Party Splits on Data Ahead of Vote in Aso',
      undefined,
      undefined,
    ],
    [
      'Survey: 62 Percent Want a Say on Vacant Homes',
      'Survey: 50 Percent Want a Say on Rural Rail',
      undefined,
      undefined,
    ],
    ['風早町で春祭り 8千人が参加', '織谷村で秋祭り 4千人が参加', undefined, undefined],
    ['Spring Open: Day 4 Recap', 'Spring Open: Day 5 Recap', [], []],
  ] as const) {
    const found = apart(title, sibling);
    assert.ok(found, title);
    if (own !== undefined) assert.deepEqual(found, [own, barred]);
  }
});

test('who follows an event up in other words, or with other amounts, uses no pattern', () => {
  for (const [title, sibling] of [
    ['Ferry sinks off Palmera, 12 dead', 'Ferry sinks off Palmera, 40 dead'],
    ['Ferry sinks off Palmera: captain arrested', 'Ferry sinks off Palmera: divers search wreck'],
    ['Ferry Sinks Off Palmera: Captain Arrested', 'Ferry Sinks Off Palmera: Divers Search'],
    ['Palmera mayor resigns over ferry', 'Palmera minister resigns over ferry'],
    ['Ferry sinks off Palmera', 'Ferry sinks off Palmera, 40 dead'],
    ['パルメラ沖でフェリー沈没、船長を逮捕', 'パルメラ沖でフェリー沈没、捜索続く'],
    ['Ferry sinks off Palmera', 'Ferry sinks off Palmera'],
  ] as const) {
    assert.equal(apart(title, sibling), undefined, title);
  }
});

test('the headlines of one event are of no pattern, as if one feed had written them all', () => {
  for (const language of ['en', 'ja'] as const) {
    const { articles, events } = labelledStream(language, 0, START);
    let [pairs, patterns] = [0, 0];
    for (const one of articles) {
      for (const other of articles) {
        if (one.id >= other.id || events.get(one.id) !== events.get(other.id)) continue;
        pairs += 1;
        if (apart(one.title, other.title) !== undefined) patterns += 1;
      }
    }
    assert.ok(pairs > 150 && patterns <= 0.02 * pairs, `${language}: ${patterns} of ${pairs}`);
  }
});
