import type { JsonValue, ToolFinding, ToolManifest } from '@trivet/contracts';
import { patternMistake } from '@trivet/service';
import { compileSchema } from './schema.js';

/** A schema is checked outside of the sandbox, for each call. */
const MOST_SCHEMA_BYTES = 64 * 1024;

/** What is wrong with the schemas of a manifest: each is compiled, and must not be able to keep us busy. */
export function schemaFindings(manifest: Pick<ToolManifest, 'input' | 'output' | 'name'>): ToolFinding[] {
  return (['input', 'output'] as const).flatMap((part) => {
    const pointer = `/manifest/${part}`;
    const bytes = Buffer.byteLength(JSON.stringify(manifest[part]));
    if (bytes > MOST_SCHEMA_BYTES) return [{ pointer, detail: `has ${bytes} bytes; the limit of a schema is ${MOST_SCHEMA_BYTES}` }];
    const found = findingsIn(manifest[part], pointer);
    return found.length > 0 ? found : compileFindings(manifest, part, pointer);
  });
}

function compileFindings(manifest: Pick<ToolManifest, 'input' | 'output' | 'name'>, part: 'input' | 'output', pointer: string): ToolFinding[] {
  try {
    compileSchema(manifest[part], `${part} of ${manifest.name}`);
    return [];
  } catch (error) {
    return [{ pointer, detail: error instanceof Error ? error.message : 'is not a JSON Schema' }];
  }
}

/** By level, so that no nesting exhausts the stack. */
function findingsIn(schema: JsonValue, at: string): ToolFinding[] {
  const findings: ToolFinding[] = [];
  const open: { value: JsonValue; pointer: string }[] = [{ value: schema, pointer: at }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, pointer } = next;
    if (value === null || typeof value !== 'object') continue;
    if (!Array.isArray(value)) findings.push(...findingsOf(value, pointer));
    for (const [key, inner] of Object.entries(value)) open.push({ value: inner, pointer: `${pointer}/${key}` });
  }
  return findings;
}

function findingsOf(schema: { [field: string]: JsonValue }, pointer: string): ToolFinding[] {
  const { uniqueItems, items, pattern } = schema;
  const findings: ToolFinding[] = [];
  const isScalar = items !== null && typeof items === 'object' && !Array.isArray(items) && ['string', 'number', 'integer', 'boolean'].includes(String(items['type']));
  if (uniqueItems === true && !isScalar) findings.push({ pointer: `${pointer}/uniqueItems`, detail: 'compares every item with every other, unless items.type is string, number, integer or boolean' });
  if (typeof pattern === 'string') {
    const mistake = patternMistake(pattern);
    if (mistake !== null) findings.push({ pointer: `${pointer}/pattern`, detail: mistake });
  }
  return findings;
}
