import type { JsonValue } from '@trivet/contracts';

/** How many levels a value has: 1 for a number, 2 for a list of numbers. Level by level, so that no nesting exhausts the stack. */
export function jsonDepth(value: JsonValue): number {
  let depth = 0;
  for (let level: JsonValue[] = [value]; level.length > 0; depth += 1) {
    level = level.flatMap((item) => (item !== null && typeof item === 'object' ? Object.values(item) : []));
  }
  return depth;
}
