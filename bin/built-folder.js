import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
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

/** Stands in a built folder, written when all else was: names and sizes of its code. */
export const FILE_LIST = 'files.json';

/**
 * Whether a built folder is there with all of its code. Sizes tell what was cut short, as by a full disk or a copy that
 * broke off, in 1 ms; to read it all takes each start 5.
 */
export function isWhole(path) {
  try {
    const sizes = JSON.parse(readFileSync(join(path, FILE_LIST), 'utf8'));
    return sizes.every(([name, size]) => statSync(join(path, name)).size === size);
  } catch {
    return false;
  }
}

function sourcesIn(folder) {
  const names = readdirSync(join(ROOT, folder), { recursive: true }).filter((name) => name.endsWith('.ts'));
  return names.sort().map((name) => join(folder, name));
}
