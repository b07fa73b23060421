import type { Backtest } from '../../ranking/backtest/run.ts';
import { LIST_KINDS } from '../../ranking/list.ts';
import { objectOf } from './object-of.ts';
import { Integer, NullableNumber, Text, Time } from './scalars.ts';
import type { ValueOf } from './value-of.ts';

export const BacktestQuery = {
  type: 'object',
  properties: {
    from: { type: 'string', maxLength: 64, description: 'RFC 3339; a week before the end where absent.' },
    to: { type: 'string', maxLength: 64, description: 'RFC 3339; now where absent.' },
    halfLife: { type: 'string', maxLength: 64, description: 'Further half-lives in hours.', examples: ['1,2,8'] },
  },
} as const;

const Quality = objectOf({
  share: { ...NullableNumber, description: 'Of the reads of the next hour, what the first five caught.' },
  ofIdeal: { ...NullableNumber, description: 'The same of what the five best would have caught.' },
  churn: { ...NullableNumber, description: 'Places of five that went to somebody else from hour to hour.' },
});

export const BacktestSchema = objectOf({
  from: Time,
  to: Time,
  hours: Integer,
  fineHours: Integer,
  reads: Integer,
  items: {
    type: 'array',
    items: objectOf({ list: { enum: [...LIST_KINDS, 'newest'] }, setting: Text, site: Quality, categories: Quality }),
  },
});
export type BacktestBody = ValueOf<typeof BacktestSchema>;

export function backtestBody({ from, to, rows, ...counts }: Backtest): BacktestBody {
  return { from: from.toISOString(), to: to.toISOString(), ...counts, items: [...rows] };
}
