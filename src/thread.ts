import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * The Node flags with which a thread can run our code: none for what bin/build.js made of it, nor where Node strips types
 * by itself (22.18 and later, outside node_modules, where it refuses to), tsx otherwise. `--import tsx` itself does nothing
 * in a thread of Node 20, where its hooks must be registered by hand.
 */
export function threadFlags(file: URL): string[] {
  if (file.pathname.endsWith('.js')) return [];
  const isStripped = 'typescript' in process.features && process.features.typescript === 'strip';
  const isInstalled = file.pathname.includes('/node_modules/');
  if (isStripped && !isInstalled) return [];
  const register = `import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))}; register();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
}

/** Starts a worker thread from a TypeScript file. */
export function startThread(file: URL, options: WorkerOptions = {}): Worker {
  return new Worker(file, { ...options, execArgv: threadFlags(file) });
}
