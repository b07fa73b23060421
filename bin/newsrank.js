#!/usr/bin/env node
// Node 22.18 and later strip types by themselves, but not below node_modules; everything else goes through tsx.
const isInstalled = import.meta.url.includes('/node_modules/');
if (process.features.typescript !== 'strip' || isInstalled) {
  const { register } = await import('tsx/esm/api');
  register();
}
const { main } = await import('../src/main.ts');
const code = await main(process.argv);
process.exitCode ||= code;
// A connection that broke while it was closed must not keep the process: all that matters is closed by now.
setTimeout(() => process.exit(), 1000).unref();
