/** Told to stop in its first moments, before the product itself listens, and just when it begins to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineSettings, run, runUntil, startProduct } from '../support/product.ts';

/** Says so whenever somebody begins to listen to SIGTERM. */
const TELLING =
  'import{writeSync}from"node:fs";process.on("newListener",(name)=>{if(name==="SIGTERM")writeSync(1,"listens\\n")})';
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(TELLING)}`;

const MOMENTS: Readonly<Record<string, RegExp>> = {
  'before anything is loaded': /listens/,
  'when the product takes over': /listens[\s\S]*listens/,
};

for (const [moment, seen] of Object.entries(MOMENTS)) {
  test(`told to stop ${moment}, it ends in order`, async (t) => {
    const settings = await engineSettings(t);
    const { code, stdout, stderr } = await runUntil(seen, ['start'], { ...settings, NODE_OPTIONS });
    assert.deepEqual([code, stderr], [0, '']);
    assert.doesNotMatch(stdout, /is ready/);
    const product = await startProduct(t, settings);
    assert.equal(await product.stop(), 0, 'nothing is left that is in its way');
  });
}

test('other commands end by a signal as programs do', async () => {
  const { stdout } = await run(['--version'], { NODE_OPTIONS });
  assert.doesNotMatch(stdout, /listens/);
});
