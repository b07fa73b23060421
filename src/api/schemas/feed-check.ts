import type { PreviewedFeed } from '../../articles/preview.ts';
import { objectOf } from './object-of.ts';
import { Flag, Integer, NullableInteger, NullableText, Text, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

const StepSchema = objectOf({ step: Text, says: Text, isGood: Flag });

const FoundSchema = objectOf({
  format: { enum: ['rss', 'rdf', 'atom', 'json'] },
  title: Text,
  siteUrl: NullableText,
  language: NullableText,
  description: Text,
  hubUrl: NullableText,
  selfUrl: NullableText,
  hints: { type: 'object', additionalProperties: true, description: 'What it asks of pollers.' },
} as const);

const CandidateSchema = objectOf({
  url: Text,
  title: Text,
  format: { type: ['string', 'null'] },
  language: NullableText,
  entries: NullableInteger,
  via: { enum: ['itself', 'link', 'anchor', 'guess'] },
  isComments: Flag,
} as const);

const ArticleSchema = objectOf({
  guid: Text,
  title: Text,
  url: NullableText,
  summary: Text,
  author: NullableText,
  image: NullableText,
  language: NullableText,
  publishedAt: Time,
  publishedFrom: { enum: ['feed', 'updated', 'first-seen'] },
  updatedAt: Time,
} as const);

export const CheckedSchema = objectOf({
  outcome: { type: 'string', description: '`fresh` where it is a feed; else the outcome that a poll would have.' },
  status: NullableInteger,
  movedTo: NullableText,
  steps: { type: 'array', items: StepSchema, description: 'Each decision, in order.' },
  feed: { anyOf: [FoundSchema, { type: 'null' }] },
  entries: { type: 'array', items: ArticleSchema, description: 'As articles would be stored.' },
  rejected: {
    type: 'array',
    items: objectOf({ index: Integer, guid: NullableText, message: Text }),
    description: 'Entries that would not be stored.',
  },
  intervalSeconds: NullableInteger,
  candidates: { type: 'array', items: CandidateSchema, description: 'Of a page: the feeds that it leads to.' },
  message: NullableText,
  advice: NullableText,
  took: { ...Integer, description: 'Milliseconds.' },
} as const);
export type CheckedBody = ValueOf<typeof CheckedSchema>;

export function checkedBody({ entries, feed, ...checked }: PreviewedFeed): CheckedBody {
  return {
    ...checked,
    feed: feed === null ? null : { ...feed, hints: { ...feed.hints } },
    entries: entries.map((entry) => ({
      ...entry,
      publishedAt: entry.publishedAt.toISOString(),
      updatedAt: entry.updatedAt.toISOString(),
    })),
  };
}
