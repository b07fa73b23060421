import swagger, { type SwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { readVersion } from '../version.ts';
import { nameSchemas } from './openapi-names.ts';
import { ArticleSchema } from './schemas/article.ts';
import { CategorySchema } from './schemas/category.ts';
import { CurationSchema } from './schemas/curation.ts';
import { FeedSchema } from './schemas/feed.ts';
import { JsonFeedSchema } from './schemas/json-feed.ts';
import { ProblemSchema } from './schemas/problem.ts';
import { ClosedListSchema, ListedArticle, RankingSchema } from './schemas/ranking.ts';
import { RevocationSchema } from './schemas/revocation.ts';
import { StorySchema } from './schemas/story.ts';
import { CollectedSchema } from './schemas/view.ts';

/** What clients made from the description call the shapes that matter; wherever one of them occurs it is by its name. */
const NAMED = {
  Article: ArticleSchema,
  Category: CategorySchema,
  ClosedList: ClosedListSchema,
  CollectedViews: CollectedSchema,
  Curation: CurationSchema,
  Feed: FeedSchema,
  JsonFeed: JsonFeedSchema,
  ListedArticle,
  Problem: ProblemSchema,
  Ranking: RankingSchema,
  Revocation: RevocationSchema,
  Story: StorySchema,
};

const TAGS = [
  { name: 'rankings', description: 'The lists: what is read most, now, or ever more.' },
  { name: 'articles', description: 'One copy of each article, whatever number of feeds carried it.' },
  { name: 'feeds out', description: 'Lists and articles as RSS, Atom and JSON Feed.' },
  { name: 'views', description: 'What readers opened: reported, imported, taken out again.' },
  { name: 'feeds', description: 'The feeds that are polled, for their admin.' },
  { name: 'health', description: 'What orchestrators and Prometheus ask.' },
];

/**
 * Describes all routes that are added afterwards, from the schemas by which they take and give. Routes without a schema
 * (pages) are left out. `app.swagger()` is the description, made when it is first asked for.
 */
export async function describeRoutes(
  app: FastifyInstance,
  { PUBLIC_URL }: Pick<Settings, 'PUBLIC_URL'>,
): Promise<void> {
  // Unknown, since the library's types take no schema that is written as a constant.
  const options: unknown = {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'newsrank',
        version: readVersion(),
        description:
          'Lists of what is read, from the feeds of a site or of many. Errors are `application/problem+json` with a stable `code`; public reads carry an ETag and may be read from any origin.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: PUBLIC_URL ?? '/' }],
      tags: TAGS,
      components: {
        schemas: NAMED,
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN.' },
          ingest: { type: 'http', scheme: 'bearer', description: 'INGEST_TOKEN.' },
        },
      },
    },
    stripBasePath: false,
    convertConstToEnum: false,
    transform: describe,
    transformObject: ({ openapiObject }: { readonly openapiObject: object }) => nameSchemas(openapiObject),
  };
  await app.register(swagger, options as SwaggerOptions);
}

type Describe = NonNullable<Extract<SwaggerOptions, { transform?: unknown }>['transform']>;

/** A route as callers see it: with a name for clients, and with what each answer of its kind carries. */
const describe: Describe = ({ schema, url, route }) => {
  if (schema === undefined || schema.hide === true) return { schema: { hide: true }, url };
  const method = [route.method].flat()[0] ?? 'GET';
  const isPublicRead = method === 'GET' && schema.security === undefined && /^\/v1\//.test(url);
  return {
    url,
    schema: {
      ...schema,
      operationId: operationIdOf(method, url),
      response: answersOf(schema, isPublicRead && schema.produces === undefined),
    } as FastifySchema,
  };
};

function answersOf({ response = {}, summary }: FastifySchema, isConditional: boolean): Record<string, unknown> {
  const problem = { 'application/problem+json': { schema: ProblemSchema } };
  const answers = Object.entries(response as Record<string, object>).map(([status, answer]) => {
    if (status === '4xx')
      return [status, { description: 'The request is at fault; `code` says why.', content: problem }];
    if (status === '5xx') return [status, { description: 'We are at fault, or away for now.', content: problem }];
    const said = { 'x-response-description': summary, ...answer };
    return [status, isConditional && status === '200' ? { ...said, headers: VALIDATORS } : said];
  });
  const unchanged = { type: 'null', description: 'The caller has it already (If-None-Match).' };
  return { ...Object.fromEntries(answers), ...(isConditional && { 304: unchanged }) };
}

const VALIDATORS = {
  etag: { type: 'string', description: 'Send it back as If-None-Match.' },
  'cache-control': { type: 'string' },
};

/** `GET /v1/rankings/:kind/explain/:article` is `getRankingsKindExplainArticle`. */
function operationIdOf(method: string, url: string): string {
  const words = url.replace(/^\/v1\//, '/').match(/[A-Za-z0-9]+/g) ?? [];
  return [method.toLowerCase(), ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}
