import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts';
import type { FastifyTypeProvider } from 'fastify';

/** The type of the values that a schema describes. */
export type ValueOf<Schema> = Named<(JsonSchemaToTsProvider & { readonly schema: Schema })['validator']>;

/**
 * In JSON Schema an object may hold more than its properties. In the types it may not, so that a misspelt field, or one
 * that nobody is to see, is an error where the value is made.
 */
type Named<Value> = Value extends readonly (infer Item)[]
  ? readonly Named<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value as unknown extends Value[Key] ? never : Key]: Named<Value[Key]> }
    : Value;

/** Types requests and answers by the schemas of their routes. */
export interface SchemaTypes extends FastifyTypeProvider {
  readonly validator: ValueOf<this['schema']>;
  readonly serializer: ValueOf<this['schema']>;
}
