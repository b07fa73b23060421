import type { LocalAccess } from '../api/local-access.ts';
import { CodedError, ERRORS, type ErrorCode, messageOf } from '../errors.ts';

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: string;
  readonly type?: string;
}

/** The body of the answer. A problem comes back as the CodedError that it was on the other side. */
export async function callApi({ url, token }: LocalAccess, path: string, call: Call = {}): Promise<string> {
  const { method = 'GET', body, type = 'application/json' } = call;
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': type }) };
  const { statusCode, location, text } = await send(new URL(path, url), {
    ...{ method, headers },
    ...(body !== undefined && { body }),
  });
  // What was removed leads to what took its place.
  if (statusCode === 308 && location?.startsWith('/')) return await callApi({ url, token }, location, call);
  if (statusCode < 400) return text;
  const { code, detail } = problemIn(text);
  throw new CodedError(code, detail ?? `${method} ${path} was answered with ${statusCode}.`);
}

async function send(
  url: URL,
  options: { method: 'GET' | 'POST' | 'DELETE'; headers: Record<string, string>; body?: string },
) {
  // Loaded here, because verbs that find the database free answer sooner without it.
  const { request } = await import('undici');
  try {
    const answer = await request(url, options);
    const { location } = answer.headers;
    return {
      statusCode: answer.statusCode,
      location: typeof location === 'string' ? location : undefined,
      text: await answer.body.text(),
    };
  } catch (error) {
    const message = `The newsrank that runs at ${url.origin} does not answer (${messageOf(error)}). Try again, or stop it.`;
    throw new CodedError('unavailable', message, { cause: error });
  }
}

function problemIn(text: string): { code: ErrorCode; detail?: string } {
  try {
    const { code, detail } = JSON.parse(text);
    return { code: Object.hasOwn(ERRORS, code) ? code : 'unavailable', ...(typeof detail === 'string' && { detail }) };
  } catch {
    return { code: 'unavailable' };
  }
}
