import { CodedError } from '../../errors.ts';
import type { CategorySlug } from '../../ids.ts';
import { LIST_KINDS, type ListKey } from '../../ranking/list.ts';
import { WINDOWS } from '../../views/keys.ts';
import { DEFAULT_WINDOW, MAX_ITEMS } from './ranking.ts';

const MAX_LISTS = 20;

export const StreamQuery = {
  type: 'object',
  required: ['lists'],
  properties: {
    lists: {
      type: 'string',
      minLength: 1,
      maxLength: 2048,
      description: 'Such as popular:politics,access:24h,access:politics:7d.',
      examples: ['popular:politics,access:24h'],
    },
    limit: { type: 'integer', minimum: 1, maximum: MAX_ITEMS, description: 'Items of each list; 5 where absent.' },
  },
} as const;

/** The lists that `popular:politics,access:24h` names: kind, then a category, a window, or both. */
export function parseListNames(text: string): readonly ListKey[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length === 0 || names.length > MAX_LISTS) {
    throw new CodedError(
      'request-invalid',
      `"lists" names 1 to ${MAX_LISTS} lists, such as popular:politics,access:24h.`,
    );
  }
  return names.map(parseListName);
}

function parseListName(name: string): ListKey {
  const [kindText, ...rest] = name.split(':');
  const kind = LIST_KINDS.find((known) => known === kindText);
  if (kind === undefined) throw new CodedError('list-unknown', `Lists are ${LIST_KINDS.join(', ')}.`);
  const window = WINDOWS.find((known) => rest.includes(known));
  const [category = 'site', ...surplus] = rest.filter((part) => part !== window);
  if (surplus.length > 0) throw new CodedError('request-invalid', `"${name.slice(0, 64)}" names no list.`);
  return {
    kind,
    scope: category as CategorySlug | 'site',
    window: kind === 'access' ? (window ?? DEFAULT_WINDOW) : null,
  };
}
