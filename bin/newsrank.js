#!/usr/bin/env node
import { findMain } from './find-main.js';

const { main } = await import(await findMain());
const code = await main(process.argv);
process.exitCode ||= code;
// A connection that broke while it was closed must not keep the process: all that matters is closed by now.
setTimeout(() => process.exit(), 1000).unref();
