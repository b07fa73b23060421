import { Ajv, type ErrorObject, type Options } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import type { ValueOf } from './schemas/value-of.ts';

/** The schemas are ours, typed and tested: holding them to the schema of schemas would cost each start 50 ms of CPU. */
const TRUSTED: Options = { meta: false, validateSchema: false, addUsedSchema: false };

/** A body of 64 kB can hold thousands of mistakes. */
const MISTAKES_SHOWN = 8;

/**
 * Compiles the schemas of requests. Paths and queries are texts, so they are turned into what the schema asks for; a
 * body is JSON, so it is taken as it came or refused, and what is wrong with it is said at once.
 */
export function openValidation(): FastifySchemaCompiler<object> {
  const texts = new Ajv({ ...TRUSTED, coerceTypes: 'array', useDefaults: true });
  const bodies = openBodies();
  return ({ schema, httpPart }) => {
    if (httpPart !== 'body') return texts.compile(schema);
    const check = openMistakes(schema, bodies);
    return (body: unknown) => {
      const found = check(body);
      return found === undefined || { error: found };
    };
  };
}

const openBodies = () => new Ajv({ ...TRUSTED, allErrors: true });

/** Tells what is wrong with a body; undefined where it is as the schema describes. */
export function openMistakes(schema: object, ajv = openBodies()): (body: unknown) => ErrorObject[] | undefined {
  const check = ajv.compile(schema);
  return (body) => (check(body) ? undefined : (check.errors ?? []).flatMap(mistakes).slice(0, MISTAKES_SHOWN));
}

/** Tells whether a value that came inside a body is what the schema describes. */
export function openCheck<Schema extends object>(schema: Schema): (value: unknown) => value is ValueOf<Schema> {
  return new Ajv(TRUSTED).compile<ValueOf<Schema>>(schema);
}

/** In words of our own: Ajv's do not name the property that an object must not have. */
function mistakes(error: ErrorObject, index: number, all: readonly ErrorObject[]): ErrorObject[] {
  const { keyword, instancePath, params, message = '' } = error;
  if (keyword === 'required')
    return [{ ...error, message: `must have required properties ${params['missingProperty']}` }];
  if (keyword !== 'additionalProperties') return [{ ...error, message: message.replace('NOT', 'not') }];
  const path = `${instancePath}/${params['additionalProperty']}`;
  const unknown = { ...error, instancePath: path, message: 'schema is false' };
  if (all[index + 1]?.keyword === keyword) return [unknown];
  return [unknown, { ...error, message: 'must not have additional properties' }];
}
