interface Schema {
  type?: unknown;
  properties?: unknown;
  required?: unknown;
  default?: unknown;
  examples?: unknown;
  enum?: unknown;
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** An input that has what a JSON Schema requires, to start from: examples and defaults where it gives them, else an empty value of the type. */
export function exampleInput(schema: unknown): unknown {
  if (!isSchema(schema)) return null;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' || isSchema(schema.properties)) return exampleObject(schema);
  const empty: Record<string, unknown> = { string: '', number: 0, integer: 0, boolean: false, array: [] };
  return typeof type === 'string' ? (empty[type] ?? null) : null;
}

function exampleObject(schema: Schema): Record<string, unknown> {
  const properties = Object.entries(isSchema(schema.properties) ? schema.properties : {});
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.fromEntries(properties.filter(([name]) => required.includes(name)).map(([name, property]) => [name, exampleInput(property)]));
}
