import { MOST_JSON_DEPTH, nestingOf, type JsonValue } from '@trivet/contracts';

type Output = { output: JsonValue } | { problem: string; reason: 'encoding' | 'json' | 'prototype' | 'depth' };

/** Deeper values would not pass the doors of the bus. The envelope around a value adds a few levels. */
export const MOST_OUTPUT_DEPTH = MOST_JSON_DEPTH - 20;

/** Reads what a plugin returned: UTF-8, JSON that is not too deep, and no `__proto__` key that could reach the prototype of a merged object. */
export function readOutput(bytes: Uint8Array): Output {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'not UTF-8', reason: 'encoding' };
  }
  // Before it is parsed: a few million brackets become an object each.
  const depth = nestingOf(text);
  if (depth > MOST_OUTPUT_DEPTH) return { problem: `nested ${depth} levels deep; the limit is ${MOST_OUTPUT_DEPTH}`, reason: 'depth' };
  try {
    const output: JsonValue = JSON.parse(text, MENTIONS_PROTOTYPE.test(text) ? refusePrototype : undefined);
    return { output };
  } catch (error) {
    if (error instanceof PrototypeKey) return { problem: 'JSON with a key named __proto__', reason: 'prototype' };
    return { problem: `not JSON (${error instanceof Error ? error.message : 'unknown'})`, reason: 'json' };
  }
}

const MENTIONS_PROTOTYPE = /__proto__|\\u005f/i;

class PrototypeKey extends Error {}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new PrototypeKey();
  return value;
}
