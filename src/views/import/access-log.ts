import { digitsAt, openLogTimes } from './log-time.ts';
import type { LineReader, LoggedView } from './logged-view.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/**
 * Reads lines of access logs in the common and the combined format, with or without a host before the address (Apache's
 * vhost_combined) and with whatever fields behind:
 *
 *   203.0.113.7 - - [10/Oct/2026:13:55:36 +0900] "GET /a HTTP/1.1" 200 2326 "https://referer.example/" "Mozilla/5.0 …"
 *
 * By hand and not by a regular expression: measured, that is three times quicker, and no line can make it slow.
 */
export function openAccessLog(): LineReader {
  const timeOf = openLogTimes();
  return (line) => {
    const open = line.indexOf(' [');
    const close = line.indexOf('] "', open);
    if (open === -1 || close === -1) return 'invalid';
    const at = timeOf(line.slice(open + 2, close));
    const end = endOfQuoted(line, close + 3);
    const status = statusBehind(line, end);
    if (Number.isNaN(at) || Number.isNaN(status)) return 'invalid';
    if ((status !== 200 && status !== 304) || !line.startsWith('GET ', close + 3)) return 'other-request';
    return viewOf(line, at, open, close + 3, end);
  };
}

function viewOf(line: string, at: number, client: number, request: number, end: number): LoggedView | 'invalid' {
  const { address, host } = clientOf(line.slice(0, client));
  const path = targetOf(line, request + 'GET '.length, end);
  const agent = agentOf(line, end + ' 200 '.length + 1);
  if (address === '' || path === '' || agent === null) return 'invalid';
  const target = host === undefined || path[0] !== '/' ? path : `//${host}${path}`;
  return { at, target, visitor: address, agent, isBox: false };
}

/** The status behind the end of the request; NaN where there is none. */
function statusBehind(line: string, end: number): number {
  if (end === -1) return Number.NaN;
  const after = line.charCodeAt(end + 5);
  const isAlone = line.charCodeAt(end + 1) === SPACE && (after === SPACE || Number.isNaN(after));
  return isAlone ? digitsAt(line, end + 2, 3) : Number.NaN;
}

/** Where the quote ends that begins before `from`; -1 where it does not. A quote in it stands behind a backslash. */
function endOfQuoted(line: string, from: number): number {
  let end = line.indexOf('"', from);
  while (end !== -1 && isEscaped(line, end, from)) end = line.indexOf('"', end + 1);
  return end;
}

function isEscaped(line: string, at: number, from: number): boolean {
  let slashes = 0;
  while (at - slashes - 1 >= from && line.charCodeAt(at - slashes - 1) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

/** The address, and the host that was asked for where the log names it: `host:port address ident user`. */
function clientOf(text: string): { readonly address: string; readonly host?: string } {
  const end = text.indexOf(' ');
  const first = end === -1 ? text : text.slice(0, end);
  const next = text.slice(end + 1);
  const second = next.slice(0, Math.max(0, next.indexOf(' ')));
  // Behind an address come ident and user, of which the first is `-` nearly always and never looks like an address.
  if (end === -1 || !/^[0-9a-f]+[.:][0-9a-f.:]+$/i.test(second)) return { address: first };
  return { address: second, host: first.replace(/:\d+$/, '') };
}

/** What was asked for: all to the protocol, which HTTP/0.9 does not name. */
function targetOf(line: string, from: number, end: number): string {
  const space = line.lastIndexOf(' ', end - 1);
  return line.slice(from, space >= from && line.startsWith('HTTP/', space + 1) ? space : end);
}

/** The User-Agent behind size and referer; undefined in the common format; null where the quotes are broken. */
function agentOf(line: string, from: number): string | undefined | null {
  const referer = line.indexOf(' "', from);
  if (referer === -1) return line.charCodeAt(from) === QUOTE ? null : undefined;
  const refererEnd = endOfQuoted(line, referer + 2);
  if (refererEnd === -1 || !line.startsWith(' "', refererEnd + 1)) return null;
  const end = endOfQuoted(line, refererEnd + 3);
  if (end === -1) return null;
  const agent = line.slice(refererEnd + 3, end);
  return agent === '-' ? '' : agent;
}
