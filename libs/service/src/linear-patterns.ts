import { RE2JS } from 're2js';

/** Compiles patterns that others wrote, for ajv's `code.regExp`: they run in linear time, without backtracking, whatever the input. */
export const linearPatterns = Object.assign((pattern: string) => {
  const compiled = RE2JS.compile(pattern);
  // ajv keeps compiled patterns under this text: two that gave the same would be one.
  return { test: (text: string): boolean => compiled.matcher(text).find(), toString: () => `linear ${pattern}` };
}, { code: 'linearPatterns' });

/** Why a pattern cannot run in linear time; null when it can. */
export function patternMistake(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return `is no pattern of RE2, which knows no look-around and no back references: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}
