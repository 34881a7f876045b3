import { CodeInput, ScriptAwait, ScriptFiles, type ChildLink, type Failure, type JsonObject, type JsonValue } from '@trivet/contracts';
import { z } from 'zod';
import { beginInside } from '../commands/begin-step.js';
import { completeStep } from '../commands/complete-step.js';
import { failStep } from '../commands/fail-step.js';
import { stepsInside } from '../inside.js';
import { inputOf, outputOf } from '../scope.js';
import { stepHasEnded, type StepState, type WorkflowState } from '../state.js';
import { NOTHING, type Outcome, type Surroundings } from '../transition.js';

type Open = Extract<StepState, { status: 'open' }>;

/** It is run again after each of them. */
export const MOST_AWAITS = 500;

/** What a run of the script came to: its end, or what it waits for. */
const Run = z.object({ value: z.json(), output: z.string(), files: ScriptFiles.optional(), awaits: z.array(ScriptAwait).optional() });

/** All that the script waited for has ended, or it has just begun: it is run again, or it is done. */
export function goOnScript(state: WorkflowState, step: Open, around: Surroundings): Outcome {
  const inside = [...stepsInside(state, step)];
  if (inside.some((each) => !stepHasEnded(each))) return NOTHING;
  const input = CodeInput.parse(inputOf(step, around));
  const at = inside.findLastIndex(isRun);
  const last = inside[at];
  if (!last) return state.paused ? NOTHING : runAgain(state, step, input, [], around);
  if (last.status === 'failed') return failStep(state, step, last.failure, around);
  const run = Run.safeParse(outputOf(last, around));
  if (!run.success) return failStep(state, step, { code: 'tool_output_invalid', message: `The script of step ${step.id} asked for something that nobody can wait for.`, hint: 'Call only tool, ask, approve, sleep and waitFor.' }, around);
  const { value, output, files, awaits = [] } = run.data;
  if (awaits.length === 0) return completeStep(state, step, JSON.parse(JSON.stringify({ value, output, files })), around);
  if (state.paused) return NOTHING;
  const begun = inside.length - at - 1;
  const awaited = inside.filter((each) => !isRun(each));
  if (begun >= awaits.length) return runAgain(state, step, input, awaited.map((each) => resultOf(each, around)), around);
  const refusal = refusalOf(step, input, awaits, awaited.length - begun);
  return refusal ? failStep(state, step, refusal, around) : beginAll(state, step, awaits.slice(begun), around);
}

const isRun = (step: StepState): boolean => step.childOf?.kind === 'code';

function runAgain(state: WorkflowState, step: Open, { code, input, files, tools = [], timeoutMs }: CodeInput, results: JsonObject[], around: Surroundings): Outcome {
  const startedAtMs = Date.parse(step.startedAt ?? '') || around.nowMs;
  const run: JsonObject = { code, ...(input === undefined ? {} : { input }), ...(files === undefined ? {} : { files }), ...(timeoutMs === undefined ? {} : { timeoutMs }), durable: { tools, startedAtMs, results } };
  return beginInside(state, linkOf(step, { kind: 'code' }, 0), around, run);
}

function beginAll(state: WorkflowState, step: Open, awaits: readonly ScriptAwait[], around: Surroundings): Outcome {
  const outcomes = awaits.map((each, offset) => beginInside(state, linkOf(step, each.kind === 'tool' ? { kind: 'tool', tool: each.tool } : { kind: each.kind }, offset), around, each.input));
  return { facts: outcomes.flatMap((outcome) => outcome.facts), effects: outcomes.flatMap((outcome) => outcome.effects) };
}

const linkOf = (step: StepState, what: Pick<ChildLink, 'kind' | 'tool'>, offset: number): ChildLink => ({ parent: step.id, index: (step.inside?.count ?? 0) + offset, ...what });

/** The sandbox is not trusted: what comes out of it is checked here. */
function refusalOf(step: StepState, { tools = [] }: CodeInput, awaits: readonly ScriptAwait[], before: number): Failure | null {
  const foreign = awaits.find((each) => each.kind === 'tool' && !tools.includes(each.tool));
  if (foreign?.kind === 'tool') return { code: 'tool_host_denied', message: `The script of step ${step.id} may not call the tool ${foreign.tool}; its tools are ${tools.join(', ') || 'none'}.`, hint: 'Name it in the tools of the step.' };
  if (before + awaits.length <= MOST_AWAITS) return null;
  return { code: 'tool_host_calls_exceeded', message: `The script of step ${step.id} waits for ${before + awaits.length} things; the limit is ${MOST_AWAITS}.`, hint: 'Do less in one script, or use a map step.' };
}

/** A failure is told to the script, which may do otherwise. */
function resultOf(step: StepState, around: Surroundings): JsonObject {
  const of = [step.childOf?.kind, step.childOf?.tool].filter((part) => part !== undefined).join(' ');
  if (step.status === 'completed') return { of, value: outputOf(step, around) satisfies JsonValue };
  if (step.status === 'failed') return { of, error: { code: step.failure.code, message: step.failure.message } };
  return { of, error: { code: 'cancelled', message: `It was ${step.status}.` } };
}
