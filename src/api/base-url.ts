import type { FastifyRequest } from 'fastify';
import { CodedError } from '../errors.ts';

/** Where the caller reaches us, without a slash at the end: PUBLIC_URL, or what the request itself says. */
export function baseUrlOf(request: Pick<FastifyRequest, 'protocol' | 'host'>, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl;
  const url = `${request.protocol}://${request.host}`;
  // The host is the caller's to choose: what is no host must not get into an answer.
  if (!URL.canParse(url) || !/^[\w.:[\]-]+$/.test(request.host)) {
    throw new CodedError('request-invalid', 'The Host header names no host.');
  }
  // In its one spelling: no port that goes without saying.
  return new URL(url).origin;
}
