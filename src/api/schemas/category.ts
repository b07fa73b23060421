import { objectOf } from './object-of.ts';
import { Integer, Text } from './scalars.ts';

export const CategorySchema = objectOf({
  slug: Text,
  name: Text,
  articles: Integer,
  reads24h: { type: 'integer', description: 'Reads in the last 24 hours.' },
});
