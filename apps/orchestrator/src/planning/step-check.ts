import { AgentInput, ApprovalInput, ChildInput, CodeInput, ModelRequest, WaitInput, pointerOf, type FieldError, type JsonValue, type Plan, type PlanStep, type Tool } from '@trivet/contracts';
import type { z } from 'zod';
import { expressionsIn } from '../workflow/expression.js';
import type { DeniedTools, InputCheck } from './plan-check.js';

/** What a step of each kind must have. Inputs with expressions are checked when they are evaluated. */
export interface StepCheck {
  step: PlanStep;
  pointer: string;
  tools: ReadonlyMap<string, Tool>;
  checkInput: InputCheck;
  denied: DeniedTools;
  /** Checks a plan inside a step: the steps of a child workflow. */
  checkInner: (plan: Plan, pointer: string) => FieldError[];
  checkStep: (step: PlanStep, pointer: string) => FieldError[];
}

export function checkKind(check: StepCheck): FieldError[] {
  const { step, pointer } = check;
  switch (step.kind) {
    case 'tool':
      return checkTool(check);
    case 'model':
      return checkSchema(ModelRequest, withPrompt(step), pointer);
    case 'agent':
      return [...checkSchema(AgentInput, withPrompt(step), pointer), ...checkOfferedTools(check)];
    case 'code':
      return [...checkSchema(CodeInput, step.input ?? {}, pointer), ...checkCodeTools(check)];
    case 'map':
      return checkMap(check);
    case 'approval':
      return checkSchema(ApprovalInput, step.input ?? {}, pointer);
    case 'wait':
      return checkSchema(WaitInput, step.input ?? {}, pointer);
    case 'workflow':
      return checkChild(check);
    default:
      return unreachable(step.kind);
  }
}

function checkTool({ step, pointer, tools, checkInput, denied }: StepCheck): FieldError[] {
  if (step.tool === undefined) return [{ pointer: `${pointer}/tool`, detail: 'is missing: a tool step names its tool' }];
  const tool = tools.get(step.tool);
  if (!tool) return [{ pointer: `${pointer}/tool`, detail: `names the tool ${step.tool}, ${whyNot(step.tool, tools, denied)}` }];
  if (expressionsIn(step.input).length > 0) return [];
  return checkInput(tool, step.input ?? {}).map((error) => ({ pointer: `${pointer}/input${error.pointer}`, detail: error.detail }));
}

/** The tools of an agent or a script are pinned when the workflow is accepted, so they must stand in the plan. */
function checkOfferedTools({ step, pointer, tools, denied }: StepCheck): FieldError[] {
  const { input } = step;
  if (input === null || typeof input !== 'object' || Array.isArray(input) || input['tools'] === undefined) return [];
  if (!Array.isArray(input['tools'])) return [{ pointer: `${pointer}/input/tools`, detail: 'must be a list of names; it is no place for an expression' }];
  return input['tools'].flatMap((name, index) => {
    if (typeof name === 'string' && tools.has(name)) return [];
    return [{ pointer: `${pointer}/input/tools/${index}`, detail: `names the tool ${JSON.stringify(name)}, ${whyNot(name, tools, denied)}` }];
  });
}

function checkCodeTools(check: StepCheck): FieldError[] {
  const { pointer, tools, denied } = check;
  if (denied.has('code_javascript')) return [{ pointer: `${pointer}/kind`, detail: `is code, which runs with the tool code_javascript, ${whyNot('code_javascript', tools, denied)}` }];
  if (!tools.has('code_javascript')) return [{ pointer: `${pointer}/kind`, detail: 'is code, and no executor has brought the tool code_javascript' }];
  return checkOfferedTools(check);
}

function checkMap({ step, pointer, checkStep }: StepCheck): FieldError[] {
  const errors: FieldError[] = [];
  if (step.over === undefined) errors.push({ pointer: `${pointer}/over`, detail: 'is missing: a map step says over which list' });
  if (step.step === undefined) return [...errors, { pointer: `${pointer}/step`, detail: 'is missing: a map step says what to do with each item' }];
  if (step.step.dependsOn !== undefined) errors.push({ pointer: `${pointer}/step/dependsOn`, detail: 'has no place inside a map: the map step itself waits' });
  return [...errors, ...checkStep(step.step, `${pointer}/step`)];
}

function checkChild({ step, pointer, checkInner }: StepCheck): FieldError[] {
  const { input } = step;
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return checkSchema(ChildInput, input ?? {}, pointer);
  const { plan, ...rest } = input;
  if (expressionsIn(rest).length > 0 && plan === undefined) return [];
  const errors = expressionsIn(rest).length > 0 ? [] : checkSchema(ChildInput, input, pointer);
  const parsed = ChildInput.safeParse({ goal: 'goal', plan });
  return [...errors, ...(parsed.success && parsed.data.plan ? checkInner(parsed.data.plan, `${pointer}/input/plan`) : [])];
}

function checkSchema(schema: z.ZodType, input: JsonValue, pointer: string): FieldError[] {
  if (expressionsIn(input).length > 0) return [];
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => ({ pointer: `${pointer}/input${pointerOf(issue.path)}`, detail: issue.message }));
}

function withPrompt({ prompt, input = {} }: PlanStep): JsonValue {
  return prompt !== undefined && input !== null && typeof input === 'object' && !Array.isArray(input) ? { prompt, ...input } : input;
}

function whyNot(name: JsonValue, tools: ReadonlyMap<string, Tool>, denied: DeniedTools): string {
  const reason = typeof name === 'string' ? denied.get(name) : undefined;
  return `${reason ?? 'which does not exist'}; there are ${namesOf(tools)}`;
}

const namesOf = (tools: ReadonlyMap<string, Tool>): string => [...tools.keys()].sort().join(', ') || 'none';

function unreachable(kind: never): never {
  throw new RangeError(`unknown kind of step ${JSON.stringify(kind)}`);
}
