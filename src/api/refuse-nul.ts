import type { preValidationHookHandler } from 'fastify';
import { CodedError } from '../errors.ts';

/** PostgreSQL keeps no NUL in a text, so that what has one is nobody's name, title or language. */
export const refuseNul: preValidationHookHandler = (request, _reply, done) => {
  const isRefused = request.url.includes('%00') || hasNul(request.body);
  done(isRefused ? new CodedError('request-invalid', 'A value has a NUL character in it.') : undefined);
};

/** In any text of a JSON value. Not by recursion, which a body of brackets alone would take to its end. */
function hasNul(body: unknown): boolean {
  const values: unknown[] = typeof body === 'object' ? [body] : [];
  while (values.length > 0) {
    const value = values.pop();
    if (typeof value === 'string' && value.includes('\0')) return true;
    if (typeof value === 'object' && value !== null) values.push(...Object.values(value));
  }
  return false;
}
