import type { FastifyInstance } from 'fastify';
import { countByCategory, listCategories } from '../../articles/store.ts';
import { readCategoryTotals } from '../../views/counts.ts';
import { openKeptOne } from '../kept.ts';
import { CategorySchema } from '../schemas/category.ts';
import { pageOf } from '../schemas/page.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes, ValueOf } from '../schemas/value-of.ts';
import type { ApiTools } from '../tools.ts';

const FRESH_MS = 1000;
/** Counting a million articles takes a second. */
const COUNTS_FRESH_MS = 10_000;
const FRESH = 'public, max-age=5, stale-while-revalidate=30';

/** The sections of the site, with how much is in each and how much it was read. */
export function categoryRoutes({ sql, redis }: Pick<ApiTools, 'sql' | 'redis'>) {
  const articles = openKeptOne(COUNTS_FRESH_MS, () => countByCategory(sql));
  const categories = openKeptOne<ValueOf<typeof CategorySchema>[]>(FRESH_MS, async () => {
    const [all, counts, reads] = await Promise.all([listCategories(sql), articles(), readCategoryTotals(redis)]);
    return all.map(({ slug, name }) => ({
      ...{ slug, name },
      articles: counts.get(slug) ?? 0,
      reads24h: reads.get(slug) ?? 0,
    }));
  });

  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/categories',
      {
        schema: {
          summary: 'The categories of the site',
          tags: ['articles'],
          response: { 200: pageOf(CategorySchema), ...problems },
        },
      },
      async (_request, reply) => {
        reply.header('cache-control', FRESH);
        return { items: await categories(), next: null };
      },
    );
  };
}
