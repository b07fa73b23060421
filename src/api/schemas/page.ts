import { objectOf } from './object-of.ts';
import { NullableText } from './scalars.ts';

/** Where a listing goes on; what it holds is the server's own business. */
export const Cursor = { type: 'string', maxLength: 512, description: '`next` of the page before.' } as const;

/** What every listing answers. */
export const pageOf = <const Item extends object>(item: Item) =>
  objectOf({ items: { type: 'array', items: item }, next: NullableText });
