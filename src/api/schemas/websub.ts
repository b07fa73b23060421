import { objectOf } from './object-of.ts';
import type { ValueOf } from './value-of.ts';

export const CallbackParams = objectOf({ token: { type: 'string', pattern: '^[\\w-]{16,64}$' } });
export type CallbackParams = ValueOf<typeof CallbackParams>;

/** What a hub puts into the query; others add to it what they like. */
export const CallbackQuery = {
  type: 'object',
  required: ['hub.mode', 'hub.topic'],
  properties: {
    'hub.mode': { type: 'string', maxLength: 32 },
    'hub.topic': { type: 'string', maxLength: 4096 },
    'hub.challenge': { type: 'string', minLength: 1, maxLength: 4096 },
    'hub.lease_seconds': { type: 'string', maxLength: 32 },
    'hub.reason': { type: 'string', maxLength: 4096 },
  },
} as const;
