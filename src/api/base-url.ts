import type { FastifyRequest } from 'fastify';
import { CodedError } from '../errors.ts';

type Asking = Pick<FastifyRequest, 'protocol' | 'host'>;

/** Where the caller reaches us, without a slash at the end: PUBLIC_URL, or what the request itself says. */
export function baseUrlOf(request: Asking, publicUrl: string | undefined): string {
  const url = findBaseUrl(request, publicUrl);
  if (url === undefined) throw new CodedError('request-invalid', 'The Host header names no host.');
  return url;
}

/** The same; undefined where the request does not say. */
export function findBaseUrl({ protocol, host }: Asking, publicUrl: string | undefined): string | undefined {
  if (publicUrl !== undefined) return publicUrl;
  const url = `${protocol}://${host}`;
  // The host is the caller's to choose: what is no host must not get into an answer.
  if (!URL.canParse(url) || !/^[\w.:[\]-]+$/.test(host)) return undefined;
  // In its one spelling: no port that goes without saying.
  return new URL(url).origin;
}
