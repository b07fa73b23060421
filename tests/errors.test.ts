import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS } from '../src/errors.ts';

test('docs/errors.md has every error as it is, and no other', () => {
  const rows = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8').matchAll(
    /^\| `([a-z-]+)` \| (\d+) \| (\d) \| (.+?) \| (.+) \|$/gm,
  );
  const documented = [...rows].map(([, code, status, exit, title, advice]) => {
    assert.match(advice ?? '', /\.$/, `${code} says what to do`);
    return [code, { status: Number(status), exit: Number(exit), title }];
  });
  assert.deepEqual(Object.fromEntries(documented), ERRORS);
});
