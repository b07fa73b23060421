import type { FastifyInstance } from 'fastify';
import { importFeeds } from '../../articles/import-feeds.ts';
import { CodedError } from '../../errors.ts';
import { type OpmlContents, readOpml } from '../../feeds/opml.ts';
import { keepOutlines, readOutlines } from '../../feeds/other-outlines.ts';
import { readAllFeeds } from '../../feeds/store.ts';
import { writeOpml } from '../../feeds/write-opml.ts';
import { ImportedSchema } from '../schemas/feed.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes, ValueOf } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const OPML_TYPES = ['application/xml', 'text/xml', 'text/x-opml', 'text/x-opml+xml', 'application/opml+xml'];
const OPML_LIMIT = 4 * 1024 * 1024;

const PROBLEMS_SHOWN = 100;

const Opml = {
  type: 'string',
  examples: ['<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/feed"/></body></opml>'],
} as const;

const tags = ['feeds'];
const security = [{ bearer: [] }];

/** The feeds as OPML, in and out. Register it behind requireAdmin. */
export function feedListRoutes({ sql, clock, settings }: Pick<ApiTools, 'sql' | 'clock' | 'settings'>) {
  return async (app: FastifyInstance): Promise<void> => {
    app.addContentTypeParser(OPML_TYPES, { parseAs: 'string', bodyLimit: OPML_LIMIT }, (_request, body, done) =>
      done(null, body),
    );

    app.withTypeProvider<SchemaTypes>().post(
      '/v1/feeds/import',
      {
        schema: {
          summary: 'Add the feeds of an OPML document; its folders are the categories',
          tags,
          security,
          body: { content: Object.fromEntries(OPML_TYPES.map((type) => [type, { schema: Opml }])) },
          response: { 200: ImportedSchema, ...problems },
        },
        bodyLimit: OPML_LIMIT,
      },
      async (request) => {
        if (typeof request.body !== 'string') {
          throw new CodedError('media-type-unsupported', `Send OPML as ${OPML_TYPES.slice(0, 3).join(', ')}.`);
        }
        return importOpml(readOpml(request.body));
      },
    );

    app.get(
      '/v1/feeds.opml',
      {
        schema: {
          summary: 'All feeds as OPML',
          ...{ tags, security, produces: ['text/x-opml'], response: { 200: { type: 'string' }, ...problems } },
        },
      },
      async (_request, reply) =>
        reply
          .headers({ 'cache-control': 'no-store', 'content-disposition': 'attachment; filename="feeds.opml"' })
          .type('text/x-opml; charset=utf-8')
          .send(writeOpml(await readAllFeeds(sql), settings.SITE_NAME, await readOutlines(sql))),
    );
  };

  async function importOpml({ feeds, others, outlinesLeftOut }: OpmlContents): Promise<ValueOf<typeof ImportedSchema>> {
    const { added, existing, rejected } = await importFeeds(sql, feeds, clock());
    await keepOutlines(sql, others);
    return {
      added: added.length,
      existing: existing.length,
      rejected: rejected.length,
      problems: rejected.slice(0, PROBLEMS_SHOWN),
      outlinesLeftOut,
    };
  }
}
