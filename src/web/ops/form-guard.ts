import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isSameToken } from '../../api/auth.ts';

/**
 * Browsers send the password by themselves, also where another site posts a form to us. So every form carries a word that
 * only our own pages know: nobody else can read them, and it says nothing of the token that it is made of.
 */
export interface FormGuard {
  readonly word: string;
  /** Whether the form was on a page of ours. */
  isOurs(request: FastifyRequest): boolean;
}

export function openFormGuard(token: string): FormGuard {
  const word = createHmac('sha256', token).update('newsrank: forms of the ops page').digest('base64url');
  return {
    word,
    isOurs(request) {
      const site = request.headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin') return false;
      const given = (request.body as { word?: unknown } | null)?.word;
      return typeof given === 'string' && isSameToken(given, word);
    },
  };
}
