import { FailureError, ModelRequest, pointerOf, sentenceOf, type FieldError, type JsonValue, type Plan, type PlanStep, type Tool } from '@trivet/contracts';
import { expressionsIn, mistakeIn, stepsIn } from '../workflow/expression.js';
import { planIndex } from '../workflow/state.js';
import { SERVED_KINDS } from '../workflow/tier.js';

/** Checks an input against a tool's schema; answers the mistakes. */
export type InputCheck = (tool: Tool, input: JsonValue) => FieldError[];

/**
 * Checks a whole plan before anything runs and reports every mistake at once: unknown tools, cycles, dangling
 * references, broken expressions, wrong inputs.
 * @throws FailureError plan_invalid, with one entry for each mistake
 */
export function checkPlan(plan: Plan, tools: ReadonlyMap<string, Tool>, checkInput: InputCheck): void {
  const errors = [
    ...duplicateIds(plan),
    ...plan.steps.flatMap((step, index) => checkStep(plan, step, pointerOf(['plan', 'steps', index]), tools, checkInput)),
    ...checkExpressions(plan, plan.output, '/plan/output'),
    ...cycles(plan),
  ];
  if (errors.length === 0) return;
  throw new FailureError('plan_invalid', `The plan cannot run: ${sentenceOf(errors)}`, { errors });
}

function duplicateIds(plan: Plan): FieldError[] {
  const seen = new Set<string>();
  return plan.steps.flatMap((step, index) => {
    if (seen.has(step.id)) return [{ pointer: pointerOf(['plan', 'steps', index, 'id']), detail: `repeats the id ${step.id}` }];
    seen.add(step.id);
    return [];
  });
}

/** It would not be a member of an object like any other. */
const RESERVED_ID = '__proto__';

function checkStep(plan: Plan, step: PlanStep, pointer: string, tools: ReadonlyMap<string, Tool>, checkInput: InputCheck): FieldError[] {
  const errors: FieldError[] = [];
  const { byId } = planIndex(plan);
  if (step.id === RESERVED_ID) errors.push({ pointer: `${pointer}/id`, detail: `is ${RESERVED_ID}, which is reserved` });
  step.dependsOn?.forEach((id, index) => {
    if (!byId.has(id)) errors.push({ pointer: `${pointer}/dependsOn/${index}`, detail: `names the step ${id}, which the plan does not have` });
    if (id === step.id) errors.push({ pointer: `${pointer}/dependsOn/${index}`, detail: 'names the step itself' });
  });
  errors.push(...checkExpressions(plan, step.input, `${pointer}/input`));
  if (step.when !== undefined) errors.push(...checkExpression(plan, step.when, `${pointer}/when`));
  if (!isServed(step)) return [...errors, { pointer: `${pointer}/kind`, detail: `${step.kind} is not served by this version; it serves ${SERVED_KINDS.join(' and ')}` }];
  return [...errors, ...(step.kind === 'tool' ? checkTool(step, pointer, tools, checkInput) : checkModel(step, pointer))];
}

const isServed = (step: PlanStep): boolean => SERVED_KINDS.some((kind) => kind === step.kind);

function checkTool(step: PlanStep, pointer: string, tools: ReadonlyMap<string, Tool>, checkInput: InputCheck): FieldError[] {
  if (step.tool === undefined) return [{ pointer: `${pointer}/tool`, detail: 'is missing: a tool step names its tool' }];
  const tool = tools.get(step.tool);
  if (!tool) return [{ pointer: `${pointer}/tool`, detail: `names the tool ${step.tool}, which does not exist; there are ${[...tools.keys()].sort().join(', ') || 'none'}` }];
  if (expressionsIn(step.input).length > 0) return [];
  return checkInput(tool, step.input ?? {}).map((error) => ({ pointer: `${pointer}/input${error.pointer}`, detail: error.detail }));
}

function checkModel(step: PlanStep, pointer: string): FieldError[] {
  const input = step.input ?? {};
  if (expressionsIn(input).length > 0) return [];
  const written = step.prompt !== undefined && input !== null && typeof input === 'object' && !Array.isArray(input) ? { prompt: step.prompt, ...input } : input;
  const parsed = ModelRequest.safeParse(written);
  return parsed.success ? [] : parsed.error.issues.map((issue) => ({ pointer: `${pointer}/input${pointerOf(issue.path)}`, detail: issue.message }));
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
function cycles(plan: Plan): FieldError[] {
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
  return [{ pointer: '/plan/steps', detail: `has steps that wait for each other in a circle: ${stuck.slice(0, 10).join(', ')}` }];
}
