/** As much of JSON Schema as our own schemas use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly description?: string;
}

/** A value in words, and the name of the shape that it has, where it has one. */
export interface TypeInWords {
  readonly words: string;
  readonly shape: string | null;
}

export interface Field extends TypeInWords {
  /** `items[].article` */
  readonly name: string;
  readonly isRequired: boolean;
  readonly about: string;
}

const PLURALS: Readonly<Record<string, string>> = {
  string: 'texts',
  integer: 'integers',
  number: 'numbers',
  object: 'objects',
};
const NAMES: Readonly<Record<string, string>> = { string: 'text', boolean: 'true or false' };

/** What a value may be, such as `integer, 1 to 50` or `a list of Article`. */
export function typeOf(schema: Schema): TypeInWords {
  const { type, items, $ref } = schema;
  if ($ref !== undefined) return { words: shapeOf($ref), shape: shapeOf($ref) };
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return joined(choices.map(typeOf));
  if (Array.isArray(type)) return joined(type.map((each) => typeOf({ ...schema, type: each })));
  if (schema.enum !== undefined) return plain(schema.enum.join(', '));
  if (schema.const !== undefined) return plain(String(schema.const));
  if (type === 'array') return listOf(items ?? {}, schema.maxItems);
  return plain(
    `${schema.format === 'date-time' ? 'time' : (NAMES[String(type)] ?? String(type ?? 'anything'))}${limitsOf(schema)}`,
  );
}

/** The fields of a value, those inside others by their path. */
export function fieldsOf(schema: Schema, before = ''): Field[] {
  const [whole] = (schema.anyOf ?? schema.oneOf ?? [schema]).filter(({ type }) => type !== 'null');
  if (whole?.items !== undefined) return fieldsOf(whole.items, `${before}[]`);
  return Object.entries(whole?.properties ?? {}).flatMap(([key, inner]) => {
    const name = before === '' ? key : `${before}.${key}`;
    const isRequired = whole?.required?.includes(key) === true;
    return [{ name, ...typeOf(inner), isRequired, about: inner.description ?? '' }, ...fieldsOf(inner, name)];
  });
}

function listOf(items: Schema, most: number | undefined): TypeInWords {
  const { words, shape } = typeOf(items);
  const many = shape === null && items.enum === undefined ? (PLURALS[String(items.type)] ?? words) : words;
  return { words: `a list of ${many}${most === undefined ? '' : `, at most ${most}`}`, shape };
}

function joined(types: readonly TypeInWords[]): TypeInWords {
  return {
    words: [...new Set(types.map(({ words }) => words))].join(' or '),
    shape: types.find(({ shape }) => shape !== null)?.shape ?? null,
  };
}

function limitsOf({ minimum, maximum, maxLength }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, ${minimum} or more`;
  return maxLength === undefined ? '' : `, at most ${maxLength} characters`;
}

const plain = (words: string): TypeInWords => ({ words, shape: null });
const shapeOf = (ref: string) => ref.split('/').at(-1) ?? ref;
