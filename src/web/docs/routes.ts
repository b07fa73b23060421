import { type Field, fieldsOf, type Schema, type TypeInWords, typeOf } from './shape.ts';

/** The parts of an OpenAPI document that the page shows. */
export interface Description {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
  readonly example?: unknown;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}

export interface Route {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly about: string;
  /** The setting that holds the token which it asks for. */
  readonly token: string | null;
  readonly parameters: readonly (Field & { readonly where: string })[];
  readonly bodies: readonly Part[];
  readonly answers: readonly (Part & { readonly status: string; readonly about: string })[];
  /** A line to copy. */
  readonly curl: string;
  /** Where it answers to a click; null where it takes a token, changes something, or names an article that may not be here. */
  readonly href: string | null;
}

/** A body, of a request or of an answer. */
interface Part {
  readonly type: string;
  readonly is: TypeInWords;
  readonly fields: readonly Field[];
}

const NAMES_ONE = /\{(?!kind\})/;
const TOKENS: Readonly<Record<string, string>> = { bearer: 'ADMIN_TOKEN', ingest: 'INGEST_TOKEN' };

/** All routes, in the groups and the order of the description; `origin` is where lines to copy lead. */
export function groupsOf({ tags, paths }: Description, origin: string) {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      tag: operation.tags[0],
      ...routeOf(origin, path, method, operation),
    })),
  );
  return tags.map(({ name, description }) => ({ name, description, routes: routes.filter(({ tag }) => tag === name) }));
}

/** The shapes that have a name. */
export function shapesOf({ components }: Description) {
  return Object.entries(components.schemas).map(([name, schema]) => ({
    name,
    about: schema.description ?? '',
    fields: fieldsOf(schema),
  }));
}

function routeOf(origin: string, path: string, method: string, operation: Operation): Route {
  const { operationId, summary, description = '', parameters = [], requestBody, responses, security } = operation;
  const token = TOKENS[Object.keys(security?.[0] ?? {})[0] ?? ''] ?? null;
  const url = urlOf(path, parameters);
  const body = Object.entries(requestBody?.content ?? {})[0];
  return {
    ...{ id: operationId, method: method.toUpperCase(), path, summary, about: description, token },
    parameters: parameters.map(({ name, in: where, required, schema, description: about = '' }) => ({
      ...{ name, where, isRequired: required, about },
      ...typeOf(schema),
    })),
    bodies: partsOf(requestBody?.content),
    answers: Object.entries(responses).flatMap(([status, { description: about, content }]) => {
      const parts = partsOf(content);
      const none = { type: '', is: { words: 'no body', shape: null }, fields: [] };
      return (parts.length === 0 ? [none] : parts).map((part) => ({
        ...part,
        status,
        about: about === summary ? '' : about,
      }));
    }),
    curl: curlOf(`${origin}${url}`, method, token, body),
    href: method === 'get' && token === null && !NAMES_ONE.test(path) ? url : null,
  };
}

function partsOf(content: Readonly<Record<string, Media>> = {}): Part[] {
  return Object.entries(content).map(([type, { schema = {} }]) => {
    const is = typeOf(schema);
    return { type, is, fields: is.shape === null ? fieldsOf(schema) : [] };
  });
}

/** With what is required, from the examples; what may be left out is left out. */
function urlOf(path: string, parameters: readonly Parameter[]): string {
  const query = new URLSearchParams();
  let url = path;
  for (const { name, in: where, required, example } of parameters) {
    if (where === 'path') url = url.replace(`{${name}}`, encodeURIComponent(String(example)));
    else if (required && example !== undefined) query.append(name, String(example));
  }
  // As people write them: lists are named `popular:politics,access`.
  return query.size === 0 ? url : `${url}?${String(query).replaceAll('%3A', ':').replaceAll('%2C', ',')}`;
}

function curlOf(url: string, method: string, token: string | null, body: readonly [string, Media] | undefined): string {
  const [type, { example, examples = {} }] = body ?? ['', {}];
  const value = example ?? Object.values(examples)[0]?.value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const parts = [
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(token === null ? [] : [`-H "authorization: Bearer $${token}"`]),
    ...(value === undefined ? [] : [`-H 'content-type: ${type}'`, `-d '${text.replaceAll("'", "'\\''")}'`]),
  ];
  return ['curl', ...parts, `'${url}'`].join(' ');
}
