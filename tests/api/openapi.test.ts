import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { checkNothing, seedExamples } from './examples.ts';
import { type FilledApi, openFilledApi } from './filled-api.ts';
import { ADMIN_TOKEN, serverFor } from './server-under-test.ts';

interface Media {
  readonly schema?: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}
type Method = 'get' | 'post' | 'patch' | 'delete';
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<Method, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** What design and README promise, as `METHOD path`. */
const PROMISED = `
GET /v1/rankings/{kind}, GET /v1/rankings/{kind}.rss, GET /v1/rankings/{kind}.atom, GET /v1/rankings/{kind}.feed.json,
GET /v1/rankings/closed/{period}/{start}, GET /v1/rankings/closed/{period}/{start}.rss,
GET /v1/rankings/{kind}/explain/{article}, GET /v1/articles, GET /v1/articles.rss, GET /v1/articles.atom,
GET /v1/articles.feed.json, GET /v1/articles/{id}, GET /v1/stories/{id}, GET /v1/categories, POST /v1/views,
GET /v1/views/pixel.gif, GET /r/{article}, GET /v1/stream, POST /v1/feeds/check, GET /v1/feeds, POST /v1/feeds,
GET /v1/feeds/{id}, PATCH /v1/feeds/{id}, DELETE /v1/feeds/{id}, POST /v1/feeds/{id}/poll, POST /v1/feeds/import,
GET /v1/feeds.opml, GET /v1/feeds/{id}/explain, GET /livez, GET /readyz, GET /metrics, GET /v1/openapi.json,
POST /v1/views/revoke, POST /v1/views/revocations/{id}/undo, GET /v1/views/revocations, POST /v1/views/audit,
POST /v1/articles/{id}/split, POST /v1/articles/{id}/merge, GET /v1/curations, POST /v1/curations`
  .split(',')
  .map((route) => route.trim());

const lines: string[] = [];
let api: FilledApi;
let app: FastifyInstance;
let description: Description;
let ajv: Ajv2020;

before(async () => {
  api = await openFilledApi();
  app = await serverFor({}, { sql: api.sql, redis: api.redis, collected: api.seen, lines, checkFeed: checkNothing });
  await seedExamples(api);
  const answer = await app.inject('/v1/openapi.json');
  description = answer.json();
  ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
  ajv.addSchema({ $id: 'openapi', components: description.components });
});
after(async () => {
  await app.close();
  await api.close();
});

const operations = () =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    (Object.entries(methods) as [Method, Operation][]).map(([method, operation]) => ({ path, method, operation })),
  );

test('the description is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(description) as never);
  assert.deepEqual([valid, errors], [true, undefined]);
  assert.equal(description.openapi, '3.1.0');
  for (const [name, schema] of Object.entries(description.components.schemas)) {
    assert.ok(ajv.validateSchema(schema), name);
  }
});

test('every route is in it, with words, a tag and a name of its own', () => {
  const described = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(
    PROMISED.filter((route) => !described.includes(route)),
    [],
  );
  const names = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(names).size, names.length);
  for (const { path, operation } of operations()) {
    assert.ok(operation.summary, path);
    assert.equal(operation.tags?.length, 1, path);
    for (const response of Object.values(operation.responses)) {
      assert.notEqual(response.description, 'Default Response', path);
    }
    if (/^\/v1\/(feeds|curations)/.test(path)) assert.deepEqual(operation.security, [{ bearer: [] }], path);
  }
});

test('the routes of the running server are those of the description, no more and no less', () => {
  const described = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(routesOf(app.printRoutes({ commonPrefix: false })), described.sort());
});

/** Routes as `METHOD /path/{parameter}`, from Fastify's drawing of its tree. */
function routesOf(tree: string): string[] {
  const above: string[] = [];
  const routes = tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \((.+)\)$/.exec(line) ?? [];
    above.splice(indent.length / 4);
    const path = above.join('') + part;
    above.push(part);
    const told = methods.split(', ').filter((method) => !['', 'HEAD', 'OPTIONS'].includes(method));
    return told.map((method) => `${method} ${path.replace(/:([a-zA-Z]+)/g, '{$1}')}`);
  });
  return routes.sort();
}

test('each shape that has a name is written once', () => {
  const { Ranking, Problem } = description.components.schemas;
  const text = JSON.stringify(description);
  for (const shape of [Ranking, Problem]) assert.equal(text.split(JSON.stringify(shape)).length, 2);
  assert.match(text, /"#\/components\/schemas\/ListedArticle"/);
});

test('every route answers its example as it is described', async () => {
  const ofMethod = (wanted: Method) => operations().filter(({ method }) => method === wanted);
  const merges = (path: string) => (path.endsWith('/merge') ? 1 : 0);
  const posts = ofMethod('post').sort((a, b) => merges(a.path) - merges(b.path));
  for (const { path, method, operation } of [
    ...ofMethod('get'),
    ...posts,
    ...ofMethod('patch'),
    ...ofMethod('delete'),
  ]) {
    if (path === '/v1/stream') continue;
    const bodies = operation.requestBody === undefined ? [undefined] : bodiesOf(path, operation.requestBody.content);
    for (const body of bodies) await assertExample(path, method, operation, body);
  }
});

async function assertExample(
  path: string,
  method: Method,
  { parameters = [], responses, security }: Operation,
  body: readonly [type: string, value: unknown] | undefined,
): Promise<void> {
  const query = new URLSearchParams();
  let url = path;
  for (const parameter of parameters) {
    const { name, example } = parameter;
    if (parameter.required) assert.notEqual(example, undefined, `${path} has an example of ${name}`);
    if (parameter.in === 'path') url = url.replace(`{${name}}`, encodeURIComponent(String(example)));
    else if (example !== undefined) query.append(name, String(example));
  }
  const headers = {
    ...(security !== undefined && { authorization: `Bearer ${ADMIN_TOKEN}` }),
    ...(body !== undefined && { 'content-type': body[0] }),
  };
  const request: InjectOptions = {
    method: method.toUpperCase() as 'GET',
    url: query.size > 0 ? `${url}?${query}` : url,
  };
  const payload =
    body === undefined ? {} : { payload: typeof body[1] === 'string' ? body[1] : JSON.stringify(body[1]) };
  const answer = await app.inject({ ...request, ...payload, headers });
  const name = `${method} ${request.url}: ${answer.statusCode} ${answer.body.slice(0, 300)} ${lines.at(-1) ?? ''}`;
  assert.ok(answer.statusCode < 400, name);
  const described = responses[answer.statusCode];
  assert.ok(described, name);
  const [type] = String(answer.headers['content-type'] ?? '').split(';', 1);
  if (described.content === undefined) return assert.equal(answer.body, '', name);
  const media = described.content[type ?? ''];
  assert.ok(media, `${name} is ${type}`);
  if (!type?.endsWith('json')) return;
  const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/components', '"openapi#/components'));
  const check = ajv.compile(schema);
  check(answer.json());
  assert.equal(check.errors, null, `${name} ${JSON.stringify(check.errors)}`);
}

function bodiesOf(path: string, content: Readonly<Record<string, Media>>): (readonly [string, unknown])[] {
  return Object.entries(content).flatMap(([type, { example, examples = {} }]) => {
    const values = example === undefined ? Object.values(examples).map(({ value }) => value) : [example];
    assert.ok(values.length > 0, `${path}: a body of ${type} has an example`);
    return values.map((value) => [type, value] as const);
  });
}
