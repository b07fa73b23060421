import { Type } from 'typebox';

export const CategorySchema = Type.Object({
  slug: Type.String(),
  name: Type.String(),
  articles: Type.Integer(),
  reads24h: Type.Integer({ description: 'Reads in the last 24 hours.' }),
});
