import type { JsonValue } from '@trivet/contracts';

/** How many arrays and objects stand in each other: 0 for a number, 1 for a list of numbers. Level by level, so that no nesting exhausts the stack. */
export function jsonDepth(value: JsonValue): number {
  let depth = 0;
  for (let level = [value].filter(isContainer); level.length > 0; depth += 1) {
    level = level.flatMap((item): JsonValue[] => Object.values(item)).filter(isContainer);
  }
  return depth;
}

const isContainer = (value: JsonValue): value is Exclude<JsonValue, string | number | boolean | null> => value !== null && typeof value === 'object';
