import type { IncomingMessage } from 'node:http';

/** Whether a browser asks, for something that may be a page: it is to get its errors as pages, too. */
export function wantsPage({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
  return headers.accept?.includes('text/html') === true && !url.startsWith('/v1/');
}
