import type { FeedFormat } from '../syndication/formats.ts';
import { problems } from './problem.ts';

/** The answers of a route that gives a feed. */
export const feedAnswers = ({ type, schema, name }: FeedFormat) => ({
  200: { description: name, content: { [type]: { schema } } },
  ...problems,
});
