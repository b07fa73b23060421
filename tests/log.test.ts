import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLog } from '../src/log.ts';

test('a line is one JSON object without secrets, and long values are cut', () => {
  const lines: string[] = [];
  const log = openLog('info', { write: (line) => void lines.push(line) });
  log.info({ token: 'abc', reader: { address: '203.0.113.7' }, body: 'x'.repeat(5000) }, 'hello');
  const [line = ''] = lines;
  const fields = JSON.parse(line);
  assert.equal(fields.msg, 'hello');
  assert.equal(fields.level, 'info');
  assert.equal(fields.token, '[redacted]');
  assert.equal(fields.reader.address, '[redacted]');
  assert.ok(fields.body.length < 1100);
});
