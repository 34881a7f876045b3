import jmespath from 'jmespath';
import { FailureError, type JsonObject, type JsonValue, type PlanStep } from '@trivet/contracts';

/** What an expression sees: goal, input, steps.<id>.output|status|failure, item. */
export type Scope = JsonObject;

const INSIDE_STRING = /\{\{([\s\S]*?)\}\}/g;
const STEP_REFERENCE = /\bsteps\s*\.\s*(?:"([A-Za-z0-9_-]+)"|([A-Za-z0-9_]+))/g;

/**
 * A plan value with its expressions replaced: `{ "$": "…" }` becomes the expression's value, `{{ … }}` inside a string
 * becomes its text. JMESPath is pure and always ends.
 * @throws FailureError expression_invalid, naming the expression
 */
export function evaluate(value: JsonValue, scope: Scope): JsonValue {
  if (typeof value === 'string') return value.replaceAll(INSIDE_STRING, (_, expression: string) => textOf(search(expression, scope)));
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope));
  if (value === null || typeof value !== 'object') return value;
  const expression = wholeExpression(value);
  if (expression !== undefined) return search(expression, scope);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, evaluate(item, scope)]));
}

/** Whether a `when` expression lets the step run: anything but false, null, and empty text, list or object. */
export function holds(expression: string, scope: Scope): boolean {
  const value = search(expression, scope);
  if (value === null || value === false || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Every expression of a plan value, with the JSON pointer where it stands. */
export function expressionsIn(value: JsonValue | undefined, pointer = ''): { expression: string; pointer: string }[] {
  if (typeof value === 'string') return [...value.matchAll(INSIDE_STRING)].map((match) => ({ expression: match[1] ?? '', pointer }));
  if (Array.isArray(value)) return value.flatMap((item, index) => expressionsIn(item, `${pointer}/${index}`));
  if (value === null || value === undefined || typeof value !== 'object') return [];
  const whole = wholeExpression(value);
  if (whole !== undefined) return [{ expression: whole, pointer }];
  return Object.entries(value).flatMap(([key, item]) => expressionsIn(item, `${pointer}/${key}`));
}

/** The steps an expression refers to, as `steps.<id>` or `steps."<id>"`. */
export function stepsIn(expression: string): string[] {
  return [...expression.matchAll(STEP_REFERENCE)].map((match) => match[1] ?? match[2] ?? '');
}

export function referredSteps(step: PlanStep): string[] {
  const expressions = [...expressionsIn(step.input), ...expressionsIn(step.over)].map((entry) => entry.expression);
  if (step.when) expressions.push(step.when);
  return expressions.flatMap(stepsIn);
}

/** Why an expression cannot be compiled, or null when it can. */
export function mistakeIn(expression: string): string | null {
  try {
    jmespath.compile(expression.trim());
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function wholeExpression(value: JsonObject): string | undefined {
  const keys = Object.keys(value);
  return keys.length === 1 && typeof value['$'] === 'string' ? value['$'] : undefined;
}

function search(expression: string, scope: Scope): JsonValue {
  try {
    // The round trip drops what is no JSON: JMESPath reads members such as toString from the prototype.
    const text: string | undefined = JSON.stringify(jmespath.search(scope, expression.trim()));
    return text === undefined ? null : JSON.parse(text);
  } catch (error) {
    throw new FailureError('expression_invalid', `The expression ${JSON.stringify(expression.trim().slice(0, 200))} cannot be evaluated: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function textOf(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
