import { AgentInput, ModelOutput, type ChildLink, type JsonObject, type ModelTool } from '@trivet/contracts';
import type { z } from 'zod';
import { beginInside } from '../commands/begin-step.js';
import { completeStep } from '../commands/complete-step.js';
import { failStep } from '../commands/fail-step.js';
import { stepsInside } from '../inside.js';
import { inputOf, outputOf } from '../scope.js';
import { stepHasEnded, type StepState, type WorkflowState } from '../state.js';
import { NOTHING, type Outcome, type Surroundings } from '../transition.js';

type Open = Extract<StepState, { status: 'open' }>;
type Message = JsonObject;
type ToolRequest = NonNullable<z.infer<typeof ModelOutput>['toolCalls']>[number];

/** The most output tokens of one turn. */
const TURN_TOKENS = 8_192;

/** A turn or a tool call ended, or the agent has just begun: its answer, its tool calls, or its next turn. */
export function goOnAgent(state: WorkflowState, step: Open, around: Surroundings): Outcome {
  const inside = [...stepsInside(state, step)];
  if (inside.some((each) => !stepHasEnded(each))) return NOTHING;
  const input = AgentInput.parse(inputOf(step, around));
  const turns = turnsOf(inside, around);
  const last = turns.at(-1);
  if (!last) return state.paused ? NOTHING : takeTurn(state, step, input, turns, around);
  if (last.turn.status === 'failed') return failStep(state, step, last.turn.failure, around);
  const isLast = turns.length >= input.maxTurns;
  const wanted = last.output.toolCalls ?? [];
  if (wanted.length === 0 || isLast) return answer(state, step, input, turns, around);
  if (state.paused) return NOTHING;
  const allowed = runnable(input, turns, last);
  if (last.calls.length < allowed.length) return callTools(state, step, allowed.slice(last.calls.length), around);
  const used = tokensUsed(inside);
  if (used >= input.maxTokens) return exceeded(state, step, `its turns used ${used} tokens; maxTokens is ${input.maxTokens}`, around);
  return takeTurn(state, step, input, turns, around);
}

interface Turn {
  turn: StepState;
  output: z.infer<typeof ModelOutput>;
  calls: StepState[];
}

/** What happened so far: each model turn, and the tool calls that follow from it. */
function turnsOf(inside: readonly StepState[], around: Surroundings): Turn[] {
  const turns: Turn[] = [];
  for (const step of inside) {
    if (step.childOf?.kind === 'model') turns.push({ turn: step, output: readOutput(step, around), calls: [] });
    else turns.at(-1)?.calls.push(step);
  }
  return turns;
}

const NO_OUTPUT: z.infer<typeof ModelOutput> = { text: '', model: '', provider: '', finishReason: 'stop' };

function readOutput(step: StepState, around: Surroundings): z.infer<typeof ModelOutput> {
  const parsed = ModelOutput.safeParse(outputOf(step, around));
  return parsed.success ? parsed.data : NO_OUTPUT;
}

function takeTurn(state: WorkflowState, step: Open, input: AgentInput, turns: readonly Turn[], around: Surroundings): Outcome {
  const isLast = turns.length + 1 >= input.maxTurns;
  const left = input.maxTokens - tokensUsed([...stepsInside(state, step)]);
  const tools = isLast ? [] : offered(state, input);
  const messages = conversation(input, turns, around);
  if (isLast && turns.length > 0) messages.push({ role: 'user', content: 'This is your last turn. Answer now with what you have; no more tools can be called.' });
  const request: JsonObject = {
    messages,
    maxTokens: Math.max(1, Math.min(TURN_TOKENS, left)),
    ...(input.tier ? { tier: input.tier } : {}),
    ...(input.model ? { model: input.model } : {}),
    ...(tools.length > 0 ? { tools: JSON.parse(JSON.stringify(tools)) } : {}),
  };
  return beginInside(state, linkOf(step, { kind: 'model' }, 0), around, request);
}

function callTools(state: WorkflowState, step: Open, wanted: readonly ToolRequest[], around: Surroundings): Outcome {
  const outcomes = wanted.map((request, offset) => beginInside(state, linkOf(step, { kind: 'tool', tool: request.name, toolCallId: request.id.slice(0, 200) }, offset), around, request.arguments));
  return { facts: outcomes.flatMap((outcome) => outcome.facts), effects: outcomes.flatMap((outcome) => outcome.effects) };
}

const linkOf = (step: StepState, what: Pick<ChildLink, 'kind' | 'tool' | 'toolCallId'>, offset: number): ChildLink => ({ parent: step.id, index: (step.inside?.count ?? 0) + offset, ...what });

/** The tool calls of a turn that may be made: of tools it was offered, and within the limit of calls. */
function runnable(input: AgentInput, turns: readonly Turn[], last: Turn): ToolRequest[] {
  const before = turns.reduce((total, turn) => total + (turn === last ? 0 : turn.calls.length), 0);
  return (last.output.toolCalls ?? []).filter((request) => input.tools.includes(request.name)).slice(0, Math.max(0, input.maxCalls - before));
}

function answer(state: WorkflowState, step: Open, input: AgentInput, turns: readonly Turn[], around: Surroundings): Outcome {
  const text = turns.at(-1)?.output.text ?? '';
  if (text.trim() === '') return exceeded(state, step, `it gave no answer within ${turns.length} turns; maxTurns is ${input.maxTurns}`, around);
  return completeStep(state, step, { answer: text, turns: turns.length }, around);
}

function exceeded(state: WorkflowState, step: Open, why: string, around: Surroundings): Outcome {
  return failStep(state, step, { code: 'agent_limit_exceeded', message: `The agent of step ${step.id} ended without an answer: ${why}.`, hint: 'Raise the limit, or narrow the goal.' }, around);
}

function conversation(input: AgentInput, turns: readonly Turn[], around: Surroundings): Message[] {
  const messages: Message[] = [...(input.prompt ? [{ role: 'system', content: input.prompt }] : []), { role: 'user', content: input.goal }];
  for (const turn of turns) {
    const wanted = turn.output.toolCalls ?? [];
    messages.push({ role: 'assistant', content: turn.output.text, ...(wanted.length > 0 ? { toolCalls: JSON.parse(JSON.stringify(wanted)) } : {}) });
    const open = [...turn.calls];
    for (const request of wanted) {
      const at = open.findIndex((call) => call.childOf?.toolCallId === request.id.slice(0, 200) && call.childOf.tool === request.name);
      const [call] = at < 0 ? [] : open.splice(at, 1);
      messages.push({ role: 'tool', toolCallId: request.id, name: request.name, content: call ? answerOf(call, around) : refusal(input, request) });
    }
  }
  return messages;
}

/** What a tool gave; a failure is told to the model, which may do otherwise. */
function answerOf(call: StepState, around: Surroundings): string {
  if (call.status === 'failed') return JSON.stringify({ error: { code: call.failure.code, message: call.failure.message } });
  const output = outputOf(call, around);
  return typeof output === 'string' ? output : JSON.stringify(output);
}

const refusal = (input: AgentInput, request: ToolRequest): string =>
  JSON.stringify({ error: { message: input.tools.includes(request.name) ? `The limit of ${input.maxCalls} tool calls is reached.` : `There is no tool ${request.name}; there are ${input.tools.join(', ') || 'none'}.` } });

function offered(state: WorkflowState, input: AgentInput): ModelTool[] {
  return input.tools.map((name) => {
    const tool = state.accepted.tools?.[name];
    return { name, ...(tool?.description ? { description: tool.description } : {}), input: tool?.input ?? { type: 'object' } };
  });
}

const tokensUsed = (inside: readonly StepState[]): number => inside.reduce((total, step) => total + step.calls.reduce((sum, call) => sum + (call.usage?.totalTokens ?? 0), 0), 0);
