import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FeedChangesBody, FeedsQuery, NewFeedBody } from '../../src/api/schemas/feed.ts';
import { ViewSchema } from '../../src/api/schemas/view.ts';
import { openCheck, openValidation } from '../../src/api/validation.ts';

const compile = openValidation();

function mistakesIn(schema: object, body: unknown): string[] {
  const result = compile({ schema, method: 'POST', url: '/', httpPart: 'body' })(body);
  if (typeof result !== 'object' || !('error' in result) || !Array.isArray(result.error)) return [];
  return result.error.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('the schemas are JSON Schema 2020-12, as OpenAPI 3.1 has it', async () => {
  const folder = new URL('../../src/api/schemas/', import.meta.url);
  const ajv = new Ajv2020();
  let count = 0;
  for (const file of readdirSync(folder)) {
    for (const [name, schema] of Object.entries<unknown>(await import(new URL(file, folder).href))) {
      if (typeof schema !== 'object' || schema === null || !('type' in schema)) continue;
      assert.ok(ajv.validateSchema(schema), `${file} ${name}: ${ajv.errorsText()}`);
      count++;
    }
  }
  assert.ok(count > 30, `${count} schemas`);
});

test('a body is taken as it came: nothing is converted, filled in or cut away', () => {
  const body = { url: 'https://a.example/', title: 'A', categories: ['B'] };
  assert.deepEqual(mistakesIn(NewFeedBody, body), []);
  assert.deepEqual(body, { url: 'https://a.example/', title: 'A', categories: ['B'] });
  assert.deepEqual(mistakesIn(NewFeedBody, { ...body, discover: 'true', categories: 'B' }), [
    '/categories must be array',
    '/discover must be boolean',
  ]);
  assert.deepEqual(mistakesIn(FeedChangesBody, { userAgent: null, requestHeaders: { 'x-key': '1' } }), []);
});

test('what is wrong with a body is said at once, with the names of its fields', () => {
  assert.deepEqual(mistakesIn(NewFeedBody, { title: 5, one: 1, two: 2 }), [
    ' must have required properties url',
    '/one schema is false',
    '/two schema is false',
    ' must not have additional properties',
    '/title must be string',
  ]);
  assert.deepEqual(mistakesIn(FeedChangesBody, {}), [' must not have fewer than 1 properties']);
});

test('of thousands of mistakes a few are shown', () => {
  assert.equal(mistakesIn(NewFeedBody, { url: 'https://a.example/', categories: Array(10_000).fill(0) }).length, 8);
});

test('a query is text, and is turned into what the schema asks for', () => {
  const check = compile({ schema: FeedsQuery, method: 'GET', url: '/', httpPart: 'querystring' });
  const request = { query: { limit: '5', failing: 'true', other: 'x' } };
  assert.equal(check(request.query), true);
  assert.deepEqual(request.query, { limit: 5, failing: true, other: 'x' });
  assert.equal(check({ limit: 'x' }), false);
});

test('one element of a batch is looked at by itself', () => {
  const isView = openCheck(ViewSchema);
  for (const good of [{ article: 'a' }, { url: 'https://a.example/', ref: 'box' }, {}, { extra: 1 }]) {
    assert.equal(isView(good), true);
  }
  for (const bad of [null, undefined, [], 'a', 5, { article: 5 }, { ref: 'other' }, { article: '' }]) {
    assert.equal(isView(bad), false);
  }
});
