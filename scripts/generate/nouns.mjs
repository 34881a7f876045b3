import { EVENT_DATA, Event } from '@trivet/contracts';
import { z } from 'zod';

/** `task.accepted` → `EventTaskAccepted`. */
export const eventSchemaName = (type) => `Event${type.split('.').map((word) => word[0].toUpperCase() + word.slice(1)).join('')}`;

/** Each event's schema has its own name; they join the nouns that carry an id in the contracts. */
for (const [type, data] of Object.entries(EVENT_DATA)) {
  z.object({ ...Event.shape, type: z.literal(type), data }).meta({ id: eventSchemaName(type), description: `The event ${type}` });
}

/** The one schema that several nouns share without a name of its own: any JSON value. */
const SHARED_NAMES = { schema0: 'JsonValue' };

/**
 * Every noun of the contracts as JSON Schema, as it may be sent (defaults are optional).
 * @param target the dialect
 * @param uri how one noun refers to another
 */
export function toJsonSchemas(target, uri) {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { target, io: 'input', unrepresentable: 'any', uri });
  const { __shared: shared = {}, ...nouns } = schemas;
  for (const [key, schema] of Object.entries(shared.$defs ?? shared.definitions ?? {})) {
    const name = SHARED_NAMES[key];
    if (!name) throw new Error(`The contracts share a schema without a name (${JSON.stringify(schema).slice(0, 200)}); give it one with .meta({ id }).`);
    nouns[name] = { description: 'Any JSON value', ...schema };
  }
  const text = JSON.stringify(nouns).replaceAll(sharedReference(uri), (_, key) => uri(SHARED_NAMES[key]));
  const sorted = Object.entries(JSON.parse(text)).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, schema]) => [name, withoutIds(schema)]));
}

/** How the generator of zod refers to the schemas nouns share. */
const sharedReference = (uri) => new RegExp(`${escapeForRegExp(uri('__shared'))}#/(?:\\$defs|definitions)/(\\w+)`, 'g');
const escapeForRegExp = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

function withoutIds({ $schema: _dialect, $id: _uri, id: _name, ...schema }) {
  return schema;
}
