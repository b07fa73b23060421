/**
 * Puts the sources together, for findMain(). Packages stay where they are, and so do SQL, Lua and templates: each module
 * goes on finding them beside its source. `node bin/build.js` leaves the build of these sources alone in `dist/`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { builtFolder, FILE_LIST, isWhole, ROOT } from './built-folder.js';

/** The command line, and what is started as a thread. */
const ENTRIES = ['src/main.ts', 'src/engines/valkey-thread.ts', 'src/feeds/parse/thread.ts'];
const BUILT = ENTRIES.map((entry) => basename(entry, '.ts'));

/** For how long builds of other sources are kept; the last of them for longer, since it may run for months. */
const KEPT_MS = 30 * 24 * 3_600_000;

const OWN_URL = /new URL\('[\w./-]*?([\w-]+)\.ts', import\.meta\.url\)|import\.meta\.url/g;

/**
 * Makes the folder, in one step: processes that start at the same time find all of it or nothing. So do those that start
 * after a power cut, since it gets its name when it is on the disk. One that is there and not whole is replaced.
 */
export async function build(folder) {
  const target = resolve(fileURLToPath(folder));
  const unfinished = `${target}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    await bundle({
      ...{ absWorkingDir: ROOT, entryPoints: ENTRIES, outdir: unfinished, entryNames: '[name]' },
      ...{ bundle: true, splitting: true, packages: 'external', format: 'esm', platform: 'node', target: 'node20' },
      ...{ sourcemap: true, sourcesContent: false, logLevel: 'silent', plugins: [ownUrls(unfinished)] },
    });
    await keep(unfinished);
    give(unfinished, target);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  // One that was not finished has a dot in its name.
  const last = Math.max(...buildsBeside(target).map(({ name, madeAt }) => (name.includes('.') ? 0 : madeAt)));
  removeBuilds(target, Math.min(Date.now() - KEPT_MS, last));
}

/** Writes the list of the files, last, and has all of them on the disk. */
async function keep(unfinished) {
  const files = readdirSync(unfinished);
  await Promise.all(files.map((name) => sync(join(unfinished, name))));
  const code = files.filter((name) => name.endsWith('.js'));
  const sizes = code.map((name) => [name, statSync(join(unfinished, name)).size]);
  await writeFile(join(unfinished, FILE_LIST), JSON.stringify(sizes), { flush: true });
}

async function sync(path) {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Unless another process was first, whose build is as good. */
function give(unfinished, target) {
  try {
    renameSync(unfinished, target);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    if (isWhole(target)) return;
    rmSync(target, { recursive: true });
    renameSync(unfinished, target);
  }
}

/** Those made before a time, but for the one given: what runs may still load a part of its own. */
function removeBuilds(kept, before) {
  for (const { path, madeAt } of buildsBeside(kept))
    if (madeAt < before) rmSync(path, { recursive: true, force: true });
}

function buildsBeside(target) {
  const dist = dirname(target);
  const names = readdirSync(dist).filter((name) => name !== basename(target));
  // Another process that starts takes away its unfinished one.
  const madeAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
  return names.map((name) => ({ name, path: join(dist, name), madeAt: madeAt(join(dist, name)) }));
}

/** A module's own URL is that of its source still; a thread's is that of what was made of it. */
function ownUrls(folder) {
  const rewritten = (path) => {
    const source = JSON.stringify(relative(folder, path));
    return readFileSync(path, 'utf8').replace(OWN_URL, (_, thread) => {
      if (thread === undefined) return `new URL(${source}, import.meta.url).href`;
      if (!BUILT.includes(thread)) throw new Error(`${thread}.ts is none of the entries of bin/build.js`);
      return `new URL('./${thread}.js', import.meta.url)`;
    });
  };
  return {
    name: 'own-urls',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: rewritten(path), loader: 'ts' }));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = builtFolder();
  await build(folder);
  removeBuilds(resolve(fileURLToPath(folder)), Number.POSITIVE_INFINITY);
}
