import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RedisClient } from './redis.ts';

/** A Lua script and the hash by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** Reads a script that lies beside its caller, in parts or as one: `readScript(new URL('./roll.lua', import.meta.url))`. */
export function readScript(...files: readonly URL[]): Script {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('');
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/**
 * Runs the script and gives its reply. Only the hash is sent; the whole text where the server does not know it, as after
 * a restart or on another node of a cluster. All keys must lie behind one hash tag.
 */
export async function runScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await redis.eval(script.text, keys.length, ...keys, ...args);
  }
}
