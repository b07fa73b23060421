import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['config', 'src', 'workers'];
const BUILD = 'bin/build.js';

/** Where the sources as they are now are put together, or would be. */
export function builtFolder() {
  const hash = createHash('sha256');
  for (const path of [BUILD, ...FOLDERS.flatMap(sourcesIn)]) hash.update(path).update(readFileSync(join(ROOT, path)));
  return new URL(`../dist/${hash.digest('hex').slice(0, 16)}/`, import.meta.url);
}

function sourcesIn(folder) {
  const names = readdirSync(join(ROOT, folder), { recursive: true }).filter((name) => name.endsWith('.ts'));
  return names.sort().map((name) => join(folder, name));
}
