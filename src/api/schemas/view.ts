import { type Static, Type } from 'typebox';
import { DROP_REASONS } from '../../views/view.ts';
import { ArticleIdText } from './common.ts';

export const MAX_BATCH = 200;

const fields = {
  article: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Id of the article.' })),
  url: Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description: 'Or its URL on any known site.' })),
  ref: Type.Optional(Type.Literal('box', { description: 'Our own box led the reader there.' })),
  visitor: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'With the ingest token only.' })),
  at: Type.Optional(Type.String({ maxLength: 64, description: 'RFC 3339; with the ingest token only.' })),
};

export const ViewSchema = Type.Object(fields);
export type View = Static<typeof ViewSchema>;

/** One view, or a batch. The batch's elements are looked at one by one, so that a bad one costs itself only. */
export const ViewsBody = Type.Object({
  ...fields,
  views: Type.Optional(Type.Array(Type.Unknown(), { maxItems: MAX_BATCH, description: 'Views like the one above.' })),
});
export type ViewsBody = Static<typeof ViewsBody>;

export const CollectedSchema = Type.Object({
  accepted: Type.Integer(),
  dropped: Type.Object(Object.fromEntries(DROP_REASONS.map((reason) => [reason, Type.Optional(Type.Integer())]))),
});

export const PixelQuery = Type.Object({ article: ArticleIdText });

export const RedirectParams = Type.Object({ article: Type.String() });
export type PixelQuery = Static<typeof PixelQuery>;
