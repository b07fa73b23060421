import { type Static, Type } from 'typebox';

export const CallbackParams = Type.Object({ token: Type.String({ pattern: '^[\\w-]{16,64}$' }) });
export type CallbackParams = Static<typeof CallbackParams>;

/** What a hub puts into the query; others add to it what they like. */
export const CallbackQuery = Type.Object({
  'hub.mode': Type.String({ maxLength: 32 }),
  'hub.topic': Type.String({ maxLength: 4096 }),
  'hub.challenge': Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  'hub.lease_seconds': Type.Optional(Type.String({ maxLength: 32 })),
  'hub.reason': Type.Optional(Type.String({ maxLength: 4096 })),
});
export type CallbackQuery = Static<typeof CallbackQuery>;
