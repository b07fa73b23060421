import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLog } from '../src/log.ts';

/** What one line says. */
function logged(write: (log: ReturnType<typeof openLog>) => void) {
  const lines: string[] = [];
  write(openLog('info', { write: (line) => void lines.push(line) }));
  assert.equal(lines.length, 1);
  return { line: lines[0] ?? '', fields: JSON.parse(lines[0] ?? '') };
}

test('a line is one JSON object without secrets, and long values are cut', () => {
  const { fields } = logged((log) =>
    log.info({ token: 'abc', reader: { address: '203.0.113.7' }, body: 'x'.repeat(5000) }, 'hello'),
  );
  assert.equal(fields.msg, 'hello');
  assert.equal(fields.level, 'info');
  assert.equal(fields.token, '[redacted]');
  assert.equal(fields.reader.address, '[redacted]');
  assert.ok(fields.body.length < 1100);
});

test('an error is cut and redacted however deep it carries things, and its message as well', () => {
  const cause = Object.assign(new Error(`why ${'y'.repeat(9000)}`), { headers: [{ Authorization: 'Bearer abc' }] });
  const command = { name: 'evalsha', args: Array.from({ length: 500 }, () => 'z'.repeat(9000)) };
  const error = Object.assign(new Error('broken', { cause }), { command, body: Buffer.alloc(9000), at: new Date(0) });
  const { line, fields } = logged((log) => log.child({ stage: 'views' }).error({ err: error }, 'm'.repeat(9000)));
  assert.equal(fields.stage, 'views');
  assert.match(fields.err.message, /^broken: why y+…$/);
  assert.match(fields.err.stack, /log\.test\.ts/);
  assert.equal(fields.err.type, 'Error');
  assert.deepEqual([fields.err.at, fields.err.body], ['1970-01-01T00:00:00.000Z', '9000 bytes']);
  assert.equal(fields.err.command.name, 'evalsha');
  assert.ok(fields.msg.length < 1100);
  assert.ok(line.length < 30_000, `${line.length} characters`);
  const deep = logged((log) => log.warn({ request: { headers: { authorization: 'Bearer abc' } } }, 'refused'));
  assert.doesNotMatch(deep.line + line, /Bearer/);
});

test('a line says of which kind an error is, and of all errors behind it', () => {
  const cause = new AggregateError([new RangeError('one'), new SyntaxError('other')], 'both');
  const { fields } = logged((log) => log.error({ err: new TypeError('no', { cause }), cause }, 'failed'));
  assert.deepEqual([fields.err.type, fields.cause.type], ['TypeError', 'AggregateError']);
  assert.deepEqual(
    fields.cause.aggregateErrors.map(({ type }: { type: string }) => type),
    ['RangeError', 'SyntaxError'],
  );
});

test('what all lines of a child say is redacted as well', () => {
  const { fields } = logged((log) =>
    log.child({ feed: 7, token: 'abc' }).child({ address: '203.0.113.7' }).info('polled'),
  );
  assert.deepEqual([fields.feed, fields.token, fields.address], [7, '[redacted]', '[redacted]']);
});

test('secrets of URLs are redacted wherever they stand, and nothing else of them', () => {
  const { line, fields } = logged((log) =>
    log.warn(
      {
        url: 'https://me:S3CRET@a.example/feed?page=2&access_token=S3CRET&keyword=tea#top',
        err: new Error('https://me:S3@S3CRET@a.example/x?key=S3CRET failed'),
      },
      `left out: http://u:S3CRET${'x'.repeat(2000)}@b.example/@someone?api_key=S3CRET&a=1`,
    ),
  );
  assert.doesNotMatch(line, /S3CRET/);
  assert.equal(fields.url, 'https://[redacted]@a.example/feed?page=2&access_token=[redacted]&keyword=tea#top');
  assert.equal(fields.err.message, 'https://[redacted]@a.example/x?key=[redacted] failed');
  assert.equal(fields.msg, 'left out: http://[redacted]@b.example/@someone?api_key=[redacted]&a=1');
});

test('what refers to itself ends', () => {
  const ring: Record<string, unknown> = { name: 'ring' };
  ring['self'] = ring;
  assert.equal(logged((log) => log.info({ ring }, 'round')).fields.ring.name, 'ring');
});
