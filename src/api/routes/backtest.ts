import type { FastifyInstance } from 'fastify';
import { CodedError } from '../../errors.ts';
import { backtest } from '../../ranking/backtest/run.ts';
import { halfLivesIn } from '../../ranking/backtest/settings.ts';
import { BacktestQuery, BacktestSchema, backtestBody } from '../schemas/backtest.ts';
import { problems } from '../schemas/problem.ts';
import type { SchemaTypes } from '../schemas/value-of.ts';
import { parseTime } from '../time.ts';
import type { ApiTools } from '../tools.ts';

/** How well each kind of list would have told what was read. Register it behind requireAdmin. */
export function backtestRoutes({ sql, clock }: Pick<ApiTools, 'sql' | 'clock'>) {
  return async (app: FastifyInstance): Promise<void> => {
    app.withTypeProvider<SchemaTypes>().get(
      '/v1/rankings/backtest',
      {
        schema: {
          summary: 'How well each kind of list would have told what was read, replayed from the archive',
          tags: ['rankings'],
          security: [{ bearer: [] }],
          querystring: BacktestQuery,
          response: { 200: BacktestSchema, ...problems },
        },
      },
      async ({ query }) => {
        const [from, to] = [timeIn('from', query.from), timeIn('to', query.to)];
        return backtestBody(await backtest(sql, { from, to, halfLives: halfLivesIn(query.halfLife) }, clock()));
      },
    );
  };
}

function timeIn(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new CodedError('request-invalid', `"${name}" must be a time such as 2026-01-31T09:00:00Z.`);
}
