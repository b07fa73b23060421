import { fileURLToPath } from 'node:url';
import { builtFolder, isWhole } from './built-folder.js';

/**
 * The URL of the code to run. Our 400 modules in a few files start in half the CPU time that they take one by one, so they are
 * put together once, in `dist/`, in a folder that is named by a hash of the sources: it cannot be out of date. The package
 * and the image bring it; a clone makes it with its first command after a change, in half a second, and again where it is not
 * whole. Where that cannot be, since the folder is read-only, the disk is full or the development dependencies are not
 * installed, the sources are run themselves.
 */
export async function findMain() {
  const folder = builtFolder();
  const main = new URL('main.js', folder);
  if (isWhole(fileURLToPath(folder))) return main.href;
  try {
    const { build } = await import('./build.js');
    await build(folder);
    return main.href;
  } catch {
    return findSources();
  }
}

/** Node 22.18 and later strip types by themselves, but not below node_modules; everything else goes through tsx. */
async function findSources() {
  const isInstalled = import.meta.url.includes('/node_modules/');
  if (process.features.typescript !== 'strip' || isInstalled) {
    const { register } = await import('tsx/esm/api').catch((cause) => {
      throw new Error('Before Node 22.18 a clone needs its development dependencies: run npm ci without --omit=dev.', {
        cause,
      });
    });
    register();
  }
  return new URL('../src/main.ts', import.meta.url).href;
}
