import type { ArticleId } from '../../ids.ts';
import { UNCATEGORISED } from '../../views/keys.ts';
import type { Scope } from '../list.ts';
import { BOX_ITEMS } from '../thin.ts';
import type { Boxes, Target } from './replay.ts';
import type { Setting } from './settings.ts';

export interface Quality {
  /** Of the reads of the hour that followed, the share that the first five caught; null where nothing was read. */
  readonly share: number | null;
  /** The same of what the five best would have caught, had one known them. */
  readonly ofIdeal: number | null;
  /** Places of the box, of five, that went to somebody else from hour to hour. */
  readonly churn: number | null;
}

export interface Qualities {
  add(boxes: Boxes, target: Target): void;
  of(setting: Setting, scopes: 'site' | 'categories'): Quality;
}

interface Sums {
  caught: number;
  possible: number;
  ideal: number;
  entered: number;
  compared: number;
}

const NONE: Sums = { caught: 0, possible: 0, ideal: 0, entered: 0, compared: 0 };

export function openQualities(settings: readonly Setting[]): Qualities {
  const sums = new Map(settings.map((setting) => [setting, { site: { ...NONE }, categories: { ...NONE } }]));
  let before: Boxes = new Map();

  function addSetting(setting: Setting, lists: ReadonlyMap<Scope, readonly ArticleId[]>, { reads, scopes }: Target) {
    const own = sums.get(setting);
    // A rising list of hours of which no slots are kept.
    if (own === undefined || lists.size === 0) return;
    // What stands in no category has no list of its own.
    for (const scope of [...new Set([...lists.keys(), ...scopes.keys()])].filter((it) => it !== UNCATEGORISED)) {
      const box = lists.get(scope) ?? [];
      const sum = scope === 'site' ? own.site : own.categories;
      const read = (scopes.get(scope) ?? []).map((id) => reads.get(id) ?? 0).sort((a, b) => b - a);
      sum.possible += total(read);
      sum.ideal += total(read.slice(0, BOX_ITEMS));
      sum.caught += total(box.map((id) => reads.get(id) ?? 0));
      addChurn(sum, box, before.get(setting)?.get(scope));
    }
  }

  return {
    add(boxes, target) {
      for (const [setting, lists] of boxes) addSetting(setting, lists, target);
      before = boxes;
    },
    of(setting, scopes) {
      const { caught, possible, ideal, entered, compared } = sums.get(setting)?.[scopes] ?? NONE;
      const through = (part: number, whole: number) => (whole > 0 ? part / whole : null);
      return {
        share: through(caught, possible),
        ofIdeal: through(caught, ideal),
        churn: through(entered, compared),
      };
    },
  };
}

function addChurn(sum: Sums, box: readonly ArticleId[], before: readonly ArticleId[] | undefined): void {
  if (before === undefined || box.length === 0) return;
  const old = new Set(before);
  sum.entered += box.filter((id) => !old.has(id)).length;
  sum.compared += 1;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
