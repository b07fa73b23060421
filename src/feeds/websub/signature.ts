import { createHmac, timingSafeEqual } from 'node:crypto';

/** What stands in `X-Hub-Signature`: `sha1` is weak as a hash, not as a signature with a secret key, and most hubs use it. */
const METHODS: ReadonlySet<string> = new Set(['sha1', 'sha256', 'sha384', 'sha512']);

/** Whether the body was signed with the secret, as the `X-Hub-Signature` header claims. */
export function signatureOf(
  body: Uint8Array,
  header: string | undefined,
  secret: string,
): 'signed' | 'unsigned' | 'forged' {
  if (header === undefined || header.trim() === '') return 'unsigned';
  const [, method = '', hex = ''] = /^([a-z0-9]{1,10})=([0-9a-f]{1,256})$/i.exec(header.trim()) ?? [];
  if (!METHODS.has(method.toLowerCase())) return 'forged';
  const expected = createHmac(method.toLowerCase(), secret).update(body).digest();
  const given = Buffer.from(hex, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected) ? 'signed' : 'forged';
}
