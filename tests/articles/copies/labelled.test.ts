import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { comparable } from '../../../src/articles/copies/comparable.ts';
import { likeness } from '../../../src/articles/copies/decide.ts';
import { fingerprintOf } from '../../../src/articles/copies/fingerprint.ts';
import { HOUR } from '../../../src/clock.ts';

interface Pair {
  readonly kind: string;
  readonly isCopy: boolean;
  readonly a: readonly [title: string, summary: string];
  readonly b: readonly [title: string, summary: string];
  readonly hours: number;
}

const readRows = (name: string): unknown[][] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/copies/${name}.json`, import.meta.url), 'utf8'));

const titles = (name: string): Pair[] =>
  readRows(name).map(([kind, isCopy, a, b, hours = 1]) => ({
    ...{ kind: String(kind), isCopy: isCopy === true, hours: Number(hours) },
    ...{ a: [String(a), ''], b: [String(b), ''] },
  }));

interface Told extends Pair {
  readonly language: string;
}

const withSummaries = (name: string): Told[] =>
  readRows(name).map(([language, kind, isCopy, a, sa, b, sb]) => ({
    ...{ language: String(language), kind: String(kind), isCopy: isCopy === true, hours: 1 },
    ...{ a: [String(a), String(sa)], b: [String(b), String(sb)] },
  }));

const heldBack = withSummaries('held-back');
const ofTitles = (language: string) => heldBack.filter((pair) => pair.language === language && pair.a[1] === '');

const NOW = new Date('2026-11-23T03:00:00Z');

/** As the matching does it: what is not found by a key is not compared. */
function areCopies({ a, b, hours }: Pair): boolean {
  const [one, other] = [comparable(...a), comparable(...b)];
  const keys = new Set(fingerprintOf(one));
  if (!fingerprintOf(other).some((key) => keys.has(key))) return false;
  const later = new Date(NOW.getTime() + hours * HOUR);
  return likeness({ text: one, publishedAt: NOW }, { text: other, publishedAt: later }) !== undefined;
}

for (const [name, pairs, bar] of [
  ['English titles', titles('titles-en'), 0.95],
  ['Japanese titles', titles('titles-ja'), 0.97],
  ['titles with summaries', withSummaries('summaries'), 0.91],
  ['English titles, held back', ofTitles('en'), 0.9],
  ['Japanese titles, held back', ofTitles('ja'), 0.97],
  ['titles with summaries, held back', heldBack.filter(({ a }) => a[1] !== ''), 0.91],
] as const) {
  test(`labelled pairs: ${name}`, (t) => {
    const wrong = pairs.filter((pair) => areCopies(pair) !== pair.isCopy);
    const missed = wrong.filter(({ isCopy }) => isCopy).length;
    const found = pairs.filter(({ isCopy }) => isCopy).length - missed;
    const [precision, recall] = [found / (found + wrong.length - missed), found / (found + missed)];
    const f1 = (2 * precision * recall) / (precision + recall);
    const percent = (share: number) => (100 * share).toFixed(1);
    t.diagnostic(`${pairs.length} pairs: P ${percent(precision)} R ${percent(recall)} F1 ${percent(f1)}`);
    for (const { kind, a, b, isCopy } of wrong)
      t.diagnostic(`${isCopy ? 'missed' : 'joined'} (${kind}): ${a[0]} | ${b[0]}`);
    assert.ok(f1 >= bar, `F1 ${percent(f1)}`);
  });
}
