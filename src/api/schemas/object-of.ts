/** The schema of an object that has all of these properties; where some may be absent, it is written out. */
export const objectOf = <const Properties extends Readonly<Record<string, object>>>(properties: Properties) =>
  ({ type: 'object', required: Object.keys(properties) as (keyof Properties & string)[], properties }) as const;
