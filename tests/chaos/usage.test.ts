import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from '../../chaos/faults.ts';
import { readOptions } from '../../chaos/usage.ts';

const NAMES = ['one', 'two', 'three'];

test('what is asked for is what is run', () => {
  const whole = { only: NAMES, short: false, keep: false, downSeconds: 300 };
  assert.deepEqual(readOptions([], NAMES), whole);
  assert.deepEqual(readOptions(['--short'], NAMES), { ...whole, short: true, downSeconds: 15 });
  assert.deepEqual(readOptions(['--only', 'three, one', '--down', '2.5', '--keep'], NAMES), {
    ...{ only: ['one', 'three'], short: false, keep: true, downSeconds: 2.5 },
  });
});

test('a mistake is told together with what there is, and nothing is run', () => {
  for (const args of [
    ...[['--only', 'four'], ['--only', ''], ['--only', 'one,,two'], ['--only'], ['--what'], ['one']],
    ...[['--down', 'long'], ['--down', '0'], ['--down=-1'], ['--down', '']],
  ]) {
    const told = readOptions(args, NAMES);
    assert.ok('exitCode' in told, args.join(' '));
    assert.equal(told.exitCode, 2);
    assert.match(told.text, /^\S.*\n\nnpm run chaos -- [\s\S]* one, two, three\n/, args.join(' '));
  }
  const help = readOptions(['--help'], NAMES);
  assert.ok('exitCode' in help);
  assert.equal(help.exitCode, 0);
});

test('every fault has a name of its own', () => {
  assert.equal(new Set(FAULTS.map(({ name }) => name)).size, FAULTS.length);
});
