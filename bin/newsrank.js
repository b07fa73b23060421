#!/usr/bin/env node

// Told to stop before there is anything to stop, these two end in order as well; where they can do more, they take over.
if (['start', 'demo'].includes(process.argv[2]))
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit());

const { findMain } = await import('./find-main.js');
const { main } = await import(await findMain());
const code = await main(process.argv);
process.exitCode ||= code;
// A connection that broke while it was closed must not keep the process: all that matters is closed by now.
setTimeout(() => process.exit(), 1000).unref();
