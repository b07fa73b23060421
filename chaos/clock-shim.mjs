// Moves the wall clock of the process that imports it by as many milliseconds as the file says that CLOCK_FILE names, as
// a machine's clock is moved while its monotonic clock goes on. Put before everything else by NODE_OPTIONS=--import.
import { readFileSync } from 'node:fs';

const file = process.env['CLOCK_FILE'];
const { now } = Date;
let offset = 0;

function look() {
  try {
    offset = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    offset = 0;
  }
}

look();
setInterval(look, 50).unref();
Date.now = () => now() + offset;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, self),
  apply: () => new Date().toString(),
});
