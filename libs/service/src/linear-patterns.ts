import { RE2JS } from 're2js';

/** How long the patterns of one value may take together. */
const BUDGET_MS = 250;
/** Instructions of a pattern times characters of a text: about 150 ms. */
const MOST_STEPS = 5_000_000;

export class PatternBudgetError extends Error {}

let spentMs = 0;

/** Compiles patterns that others wrote, for ajv's `code.regExp`: they run in linear time, without backtracking, whatever the input. */
export const linearPatterns = Object.assign((pattern: string) => {
  const compiled = RE2JS.compile(pattern);
  const size = compiled.programSize();
  const test = (text: string): boolean => {
    if (size * text.length > MOST_STEPS) throw new PatternBudgetError(`a text of ${text.length} characters is too long for the pattern ${shown(pattern)}`);
    const startedAt = performance.now();
    const found = compiled.matcher(text).find();
    spentMs += performance.now() - startedAt;
    if (spentMs > BUDGET_MS) throw new PatternBudgetError(`it takes more than ${BUDGET_MS} ms to hold it to patterns such as ${shown(pattern)}`);
    return found;
  };
  // ajv keeps compiled patterns under this text: two that gave the same would be one.
  return { test, toString: () => `linear ${pattern}` };
}, { code: 'linearPatterns' });

/**
 * Linear time may still be long: a pattern of thousands of instructions over a megabyte stops everybody for a minute. What runs here
 * has a budget. @returns what `check` does, or why it was given up
 */
export function withinPatternBudget<Value>(check: () => Value): Value | PatternBudgetError {
  spentMs = 0;
  try {
    return check();
  } catch (error) {
    if (error instanceof PatternBudgetError) return error;
    throw error;
  }
}

const shown = (pattern: string): string => (pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern);

/** Why a pattern cannot run in linear time; null when it can. */
export function patternMistake(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return `is no pattern of RE2, which knows no look-around and no back references: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}
