import { toJsonSchemas } from './nouns.mjs';

const uriOf = (name) => `urn:trivet:schema:${name}:v1`;

/** One file a noun; they refer to each other by `$id`. */
export function generateSchemas() {
  const schemas = toJsonSchemas('draft-2020-12', uriOf);
  return Object.entries(schemas).map(([name, schema]) => [
    `contracts/schemas/${name}.json`,
    `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: uriOf(name), title: name, ...schema }, null, 2)}\n`,
  ]);
}
