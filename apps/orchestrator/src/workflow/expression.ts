import jmespath from 'jmespath';
import { FailureError, type JsonObject, type JsonValue, type PlanStep } from '@trivet/contracts';

/** What an expression sees: goal, input, catalog, steps.<id>.output|status|failure, item. */
export type Scope = JsonObject;

const STEP_REFERENCE = /(?<![\w."'])steps\s*\.\s*(?:"([A-Za-z0-9_-]+)"|([A-Za-z0-9_]+))/g;

/**
 * A plan value with its expressions replaced: `{ "$": "…" }` becomes the expression's value, `{{ … }}` inside a string
 * becomes its text. JMESPath is pure and always ends.
 * @throws FailureError expression_invalid, naming the expression
 */
export function evaluate(value: JsonValue, scope: Scope): JsonValue {
  if (typeof value === 'string') return partsOf(value).map((part) => (part.isExpression ? textOf(search(part.text, scope)) : part.text)).join('');
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

const MOST_EXPRESSION_CHARACTERS = 4_000;
/** JMESPath always ends, but `[@,@] | [@,@] | …` doubles its value each time. */
const MOST_GROWTH = 1_000;

/** How many times as large as its input an expression's value can be: lists and hashes add up, what follows each other multiplies. */
function growthOf(node: jmespath.Node): number {
  const children = (node.children ?? []).map(growthOf);
  const isSum = node.type === 'MultiSelectList' || node.type === 'MultiSelectHash' || node.type === 'Function';
  const inner = isSum ? children.reduce((total, child) => total + child, 0) : children.reduce((total, child) => total * child, 1);
  return Math.max(1, inner) * (node.type === 'KeyValuePair' ? growthOf(node.value as jmespath.Node) : 1);
}

/** Every expression of a plan value, with the JSON pointer where it stands. */
export function expressionsIn(value: JsonValue | undefined, pointer = ''): { expression: string; pointer: string }[] {
  if (typeof value === 'string') return partsOf(value).filter((part) => part.isExpression).map((part) => ({ expression: part.text, pointer }));
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

/** The steps a step refers to, also in what it does with each item. */
export function referredSteps(step: PlanStep): string[] {
  const expressions = [...expressionsIn(ownInput(step)), ...expressionsIn(step.over)].map((entry) => entry.expression);
  if (step.when) expressions.push(step.when);
  return [...expressions.flatMap(stepsIn), ...(step.step ? referredSteps(step.step) : [])];
}

/** The input without a plan that is written for a child workflow, whose expressions are the child's own. */
export function ownInput(step: PlanStep): JsonValue | undefined {
  const { kind, input } = step;
  if (kind !== 'workflow' || input === null || typeof input !== 'object' || Array.isArray(input)) return input;
  const { plan, ...own } = input;
  return isExpression(plan) ? input : own;
}

/** Why an expression cannot be used, or null when it can. */
export function mistakeIn(expression: string): string | null {
  if (expression.length > MOST_EXPRESSION_CHARACTERS) return `it has ${expression.length} characters; the limit is ${MOST_EXPRESSION_CHARACTERS}`;
  try {
    const growth = growthOf(jmespath.compile(expression.trim()));
    return growth > MOST_GROWTH ? `it could make its value ${growth} times as large; the limit is ${MOST_GROWTH} times` : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A string cut at its `{{ … }}`, in one pass; a `{{` without its end is plain text. */
function partsOf(text: string): { text: string; isExpression: boolean }[] {
  const parts: { text: string; isExpression: boolean }[] = [];
  let from = 0;
  for (;;) {
    const open = text.indexOf('{{', from);
    const close = open < 0 ? -1 : text.indexOf('}}', open + 2);
    if (close < 0) return [...parts, { text: text.slice(from), isExpression: false }];
    parts.push({ text: text.slice(from, open), isExpression: false }, { text: text.slice(open + 2, close), isExpression: true });
    from = close + 2;
  }
}

function wholeExpression(value: JsonObject): string | undefined {
  const keys = Object.keys(value);
  return keys.length === 1 && typeof value['$'] === 'string' ? value['$'] : undefined;
}

/** Whether a value as a whole is an expression: `{ "$": "…" }`. */
export const isExpression = (value: JsonValue | undefined): boolean => value !== null && typeof value === 'object' && !Array.isArray(value) && wholeExpression(value) !== undefined;

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
