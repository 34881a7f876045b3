import type { JsonValue } from '@trivet/contracts';

type Output = { output: JsonValue } | { problem: string; reason: 'encoding' | 'json' | 'prototype' };

/** Reads what a plugin returned: UTF-8, JSON, and no `__proto__` key that could reach the prototype of a merged object. */
export function readOutput(bytes: Uint8Array): Output {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'not UTF-8', reason: 'encoding' };
  }
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
