import type { Merge } from '../../articles/copies/merge.ts';
import type { Split } from '../../articles/copies/split.ts';
import { objectOf } from './object-of.ts';
import { ArticleIdText, Texts } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const MergeBody = {
  ...objectOf({ into: { ...ArticleIdText, description: 'Id of the article that it is a copy of.' } }),
  examples: [{ into: '0t9rrc400002' }],
} as const;

export const SplitSchema = objectOf({ id: ArticleIdText, from: Texts });
export const MergeSchema = objectOf({ original: ArticleIdText, copies: Texts });

export type SplitBody = ValueOf<typeof SplitSchema>;
export type MergedBody = ValueOf<typeof MergeSchema>;

export function splitBody({ id, from }: Split): SplitBody {
  return { id, from };
}

export function mergedBody({ original, copies }: Merge): MergedBody {
  return { original, copies };
}
