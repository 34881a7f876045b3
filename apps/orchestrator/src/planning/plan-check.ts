import { FailureError, pointerOf, sentenceOf, type FieldError, type JsonValue, type Plan, type PlanStep, type Tool } from '@trivet/contracts';
import { expressionsIn, mistakeIn, ownInput, stepsIn } from '../workflow/expression.js';
import { looksInside } from '../workflow/inside.js';
import { planIndex } from '../workflow/plan-index.js';
import { checkKind } from './step-check.js';

/** Checks an input against a tool's schema; answers the mistakes. */
export type InputCheck = (tool: Tool, input: JsonValue) => FieldError[];

/**
 * Checks a whole plan before anything runs and reports every mistake at once: unknown tools, cycles, dangling
 * references, broken expressions, wrong inputs.
 * @throws FailureError plan_invalid, with one entry for each mistake
 */
export function checkPlan(plan: Plan, tools: ReadonlyMap<string, Tool>, checkInput: InputCheck, denied: DeniedTools = NONE_DENIED): void {
  const errors = mistakesIn(plan, '/plan', { tools, checkInput, denied }, 0);
  if (errors.length === 0) return;
  throw new FailureError('plan_invalid', `The plan cannot run: ${sentenceOf(errors)}`, { errors });
}

/** Tools that exist and that a tenant's policy denies, each with the reason as a clause: which … */
export type DeniedTools = ReadonlyMap<string, string>;

const NONE_DENIED: DeniedTools = new Map();

/** What plans are checked against. */
interface AtHand {
  tools: ReadonlyMap<string, Tool>;
  checkInput: InputCheck;
  denied: DeniedTools;
}

/** A plan may hold plans of child workflows, which may hold plans … */
const MOST_NESTED = 8;

function mistakesIn(plan: Plan, pointer: string, atHand: AtHand, level: number): FieldError[] {
  if (level >= MOST_NESTED) return [{ pointer, detail: `is nested ${level} plans deep; the limit is ${MOST_NESTED}` }];
  const checkInner = (inner: Plan, at: string): FieldError[] => mistakesIn(inner, at, atHand, level + 1);
  return [
    ...duplicateIds(plan, pointer),
    ...plan.steps.flatMap((step, index) => checkStep({ plan, atHand, checkInner, inMap: 0 }, step, `${pointer}/steps/${index}`)),
    ...checkExpressions(plan, plan.output, `${pointer}/output`),
    ...cycles(plan, pointer),
  ];
}

function duplicateIds(plan: Plan, pointer: string): FieldError[] {
  const seen = new Set<string>();
  return plan.steps.flatMap((step, index) => {
    if (seen.has(step.id)) return [{ pointer: `${pointer}${pointerOf(['steps', index, 'id'])}`, detail: `repeats the id ${step.id}` }];
    seen.add(step.id);
    return [];
  });
}

/** It would not be a member of an object like any other. */
const RESERVED_ID = '__proto__';

interface Checking {
  plan: Plan;
  atHand: AtHand;
  checkInner: (plan: Plan, pointer: string) => FieldError[];
  /** How many maps stand around the step. */
  inMap: number;
}

const MOST_MAPS = 3;

function checkStep(checking: Checking, step: PlanStep, pointer: string): FieldError[] {
  const { plan, inMap } = checking;
  const errors: FieldError[] = [];
  const { byId } = planIndex(plan);
  if (step.id === RESERVED_ID) errors.push({ pointer: `${pointer}/id`, detail: `is ${RESERVED_ID}, which is reserved` });
  if (inMap === 0 && looksInside(step.id) && byId.has(step.id.replace(/--\d+$/, ''))) errors.push({ pointer: `${pointer}/id`, detail: `is ${step.id}, which is how the steps inside ${step.id.replace(/--\d+$/, '')} are called` });
  if (inMap > MOST_MAPS) return [{ pointer, detail: `is inside ${inMap} maps; the limit is ${MOST_MAPS}` }];
  step.dependsOn?.forEach((id, index) => {
    if (!byId.has(id)) errors.push({ pointer: `${pointer}/dependsOn/${index}`, detail: `names the step ${id}, which the plan does not have` });
    if (id === step.id) errors.push({ pointer: `${pointer}/dependsOn/${index}`, detail: 'names the step itself' });
  });
  errors.push(...checkExpressions(plan, ownInput(step), `${pointer}/input`), ...checkExpressions(plan, step.over, `${pointer}/over`));
  if (step.when !== undefined) errors.push(...checkExpression(plan, step.when, `${pointer}/when`));
  const inner = (within: PlanStep, at: string): FieldError[] => checkStep({ ...checking, inMap: inMap + 1 }, within, at);
  return [...errors, ...checkKind({ ...checking.atHand, step, pointer, checkInner: checking.checkInner, checkStep: inner })];
}

function checkExpressions(plan: Plan, value: JsonValue | undefined, pointer: string): FieldError[] {
  return expressionsIn(value).flatMap((found) => checkExpression(plan, found.expression, pointer + found.pointer));
}

function checkExpression(plan: Plan, expression: string, pointer: string): FieldError[] {
  const mistake = mistakeIn(expression);
  if (mistake !== null) return [{ pointer, detail: `has the expression ${JSON.stringify(expression.trim())}, which is not JMESPath: ${mistake}` }];
  const { byId } = planIndex(plan);
  return stepsIn(expression)
    .filter((id) => !byId.has(id))
    .map((id) => ({ pointer, detail: `refers to the step ${id}, which the plan does not have` }));
}

/** Steps that wait for each other, found by taking away what can run until nothing more can. */
function cycles(plan: Plan, pointer: string): FieldError[] {
  const { dependencies, dependents, byId } = planIndex(plan);
  const open = new Map([...dependencies].map(([id, needs]) => [id, needs.length]));
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  if (open.size === 0) return [];
  const stuck = [...open.keys()].filter((id) => byId.has(id));
  return [{ pointer: `${pointer}/steps`, detail: `has steps that wait for each other in a circle: ${stuck.slice(0, 10).join(', ')}` }];
}
