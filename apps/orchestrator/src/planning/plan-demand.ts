import { AGENT_DEFAULTS, Plan, type JsonObject, type JsonValue, type ModelDemand, type PlanStep, type Tool, type Template } from '@trivet/contracts';
import { evaluate, expressionsIn, type Scope } from '../workflow/expression.js';

/** What a plan asks of tools and models when every step runs once, as far as it can be told before. */
export interface PlanDemand {
  toolCalls: number;
  modelCalls: number;
  /** Model calls of one kind together. */
  demands: ModelDemand[];
  notes: string[];
}

export interface DemandParts {
  tools: ReadonlyMap<string, Tool>;
  templates: ReadonlyMap<string, Template>;
}

/** Assumed of a value that a step has yet to make, and of a list that is not there yet. */
const ASSUMED_TOKENS = 1_000;
const ASSUMED_ITEMS = 10;
/** What an agent writes of its tokens, in parts of a hundred. */
const AGENT_OUTPUT_PERCENT = 20;
const MOST_LEVELS = 8;
const MOST_NOTED = 10;

interface Walk extends DemandParts {
  scope: Scope;
  totals: { tool: number; model: number };
  demands: Map<string, ModelDemand>;
  /** Ids of steps, by what has to be said of them. */
  remarks: Map<string, Set<string>>;
}

/** @param task what the expressions of the plan see before anything has run */
export function demandOf(plan: Plan, task: { goal: string; input?: JsonValue | undefined; catalog?: JsonValue }, parts: DemandParts): PlanDemand {
  const walk: Walk = { ...parts, scope: scopeOf(task.goal, task.input, task.catalog), totals: { tool: 0, model: 0 }, demands: new Map(), remarks: new Map() };
  walkPlan(walk, plan, 1, 0);
  const notes = [...walk.remarks].map(([remark, ids]) => `${[...ids].slice(0, MOST_NOTED).join(', ')}${ids.size > MOST_NOTED ? ` and ${ids.size - MOST_NOTED} more` : ''}: ${remark}`);
  return { toolCalls: bounded(walk.totals.tool), modelCalls: bounded(walk.totals.model), demands: [...walk.demands.values()], notes };
}

const scopeOf = (goal: string, input: JsonValue | undefined, catalog: JsonValue = null): Scope => ({ goal, input: input ?? null, catalog, steps: {} });

function walkPlan(walk: Walk, plan: Plan, times: number, level: number): void {
  for (const step of plan.steps) walkStep(walk, step, times, level);
}

function walkStep(walk: Walk, step: PlanStep, times: number, level: number): void {
  if (step.when !== undefined) remark(walk, step, 'has a condition and is counted as if it ran');
  if (step.retry && step.retry.max > 0) remark(walk, step, 'may be tried again, which is not counted');
  switch (step.kind) {
    case 'tool':
      walk.totals.tool += times;
      if (step.tool !== undefined && mayAskModel(walk.tools.get(step.tool))) remark(walk, step, `runs ${step.tool}, which may ask a model by itself; that is not counted`);
      return;
    case 'code':
      walk.totals.tool += times;
      if (objectOf(step.input)['tools'] !== undefined) remark(walk, step, 'may await tools and models, which are not counted');
      return;
    case 'model':
      return walkModel(walk, step, times);
    case 'agent':
      return walkAgent(walk, step, times);
    case 'map':
      return walkMap(walk, step, times, level);
    case 'workflow':
      return walkChild(walk, step, times, level);
    case 'approval':
    case 'wait':
      return;
    default:
      return unreachable(step.kind);
  }
}

function walkModel(walk: Walk, step: PlanStep, times: number): void {
  const input = objectOf(step.input);
  walk.totals.model += times;
  const prompt = known(walk, input['prompt']) ?? step.prompt;
  addDemand(walk, { calls: times, inputTokens: tokensOf(walk, step, { messages: input['messages'] ?? null, variables: input['variables'] ?? null, embed: input['embed'] ?? null, schema: input['schema'] ?? null, tools: input['tools'] ?? null }) * times, ...modelOf(walk, input), ...(typeof prompt === 'string' ? { prompt } : {}), ...(input['embed'] === undefined ? limitOf(walk, input) : { embeds: true, maxTokens: 0 }) });
}

function walkAgent(walk: Walk, step: PlanStep, times: number): void {
  const input = objectOf(step.input);
  const numberOf = (field: 'maxTurns' | 'maxCalls' | 'maxTokens'): number => {
    const value = known(walk, input[field]);
    return typeof value === 'number' ? value : AGENT_DEFAULTS[field];
  };
  const [turns, tokens] = [numberOf('maxTurns'), numberOf('maxTokens')];
  const output = Math.floor((tokens * AGENT_OUTPUT_PERCENT) / 100);
  walk.totals.model += turns * times;
  walk.totals.tool += numberOf('maxCalls') * times;
  addDemand(walk, { calls: times, inputTokens: (tokens - output) * times, maxTokens: output, ...modelOf(walk, input) });
  remark(walk, step, `is counted with all of its limits (turns, calls, tokens); ${AGENT_OUTPUT_PERCENT} % of the tokens as output`);
}

function walkMap(walk: Walk, step: PlanStep, times: number, level: number): void {
  const list = known(walk, step.over);
  const items = Array.isArray(list) ? list.length : ASSUMED_ITEMS;
  if (!Array.isArray(list)) remark(walk, step, `goes over a list that is not there yet; ${ASSUMED_ITEMS} items are assumed`);
  if (step.step) walkStep(walk, { ...step.step, id: `${step.id}/${step.step.id}` }, times * items, level);
}

function walkChild(walk: Walk, step: PlanStep, times: number, level: number): void {
  const input = objectOf(step.input);
  if (input['dryRun'] === true) return;
  const template = known(walk, input['template']);
  const written = Plan.safeParse(input['plan']);
  const plan = written.success ? written.data : typeof template === 'string' ? walk.templates.get(template)?.plan : undefined;
  if (!plan || level >= MOST_LEVELS) return remark(walk, step, 'runs a plan that is not there yet; it is not counted');
  const goal = known(walk, input['goal']);
  const inner: Walk = { ...walk, scope: scopeOf(typeof goal === 'string' ? goal : '', known(walk, input['input'])), remarks: new Map() };
  walkPlan(inner, plan, times, level + 1);
  for (const [text, ids] of inner.remarks) for (const id of ids) remark(walk, { id: `${step.id}/${id}` }, text);
}

function addDemand(walk: Walk, demand: ModelDemand): void {
  const key = JSON.stringify([demand.prompt, demand.model, demand.tier, demand.maxTokens, demand.embeds]);
  const before = walk.demands.get(key);
  walk.demands.set(key, { ...demand, calls: bounded(demand.calls + (before?.calls ?? 0)), inputTokens: bounded(demand.inputTokens + (before?.inputTokens ?? 0)) });
}

function modelOf(walk: Walk, input: JsonObject): Pick<ModelDemand, 'tier' | 'model'> {
  const [model, tier] = [known(walk, input['model']), known(walk, input['tier'])];
  return { ...(typeof model === 'string' ? { model } : {}), ...(tier === 'small' || tier === 'medium' || tier === 'large' ? { tier } : {}) };
}

function limitOf(walk: Walk, input: JsonObject): Pick<ModelDemand, 'maxTokens'> {
  const limit = known(walk, input['maxTokens']);
  return typeof limit === 'number' ? { maxTokens: limit } : {};
}

const NOT_YET = /(?<![\w."'])(steps|item)\b/;

/** The value of a field where no step has to run for it. */
function known(walk: Walk, value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || expressionsIn(value).some(({ expression }) => NOT_YET.test(expression))) return undefined;
  return evaluate(value, walk.scope);
}

/** About how many tokens a value has with its expressions filled in. */
function tokensOf(walk: Walk, step: PlanStep, value: JsonValue): number {
  const expressions = expressionsIn(value).map(({ expression }) => expression);
  const unknown = expressions.filter((expression) => NOT_YET.test(expression)).length;
  if (unknown > 0) remark(walk, step, `reads what other steps make; ${ASSUMED_TOKENS} tokens are assumed for each`);
  const found = expressions.filter((expression) => !NOT_YET.test(expression)).reduce((sum, expression) => sum + countTokens(evaluate({ $: expression }, walk.scope)), 0);
  return countTokens(value) + found + unknown * ASSUMED_TOKENS;
}

/** By the rule of thumb of the model tier: 3.5 ASCII characters a token, 1.1 tokens for each other one. */
function countTokens(value: JsonValue): number {
  const text = JSON.stringify(value);
  const others = text.match(/[\u0080-\uffff]/g)?.length ?? 0;
  return Math.ceil((text.length - others) / 3.5 + others * 1.1);
}

function remark(walk: Walk, step: Pick<PlanStep, 'id'>, text: string): void {
  walk.remarks.set(text, (walk.remarks.get(text) ?? new Set()).add(step.id));
}

/** Also where it only has texts embedded. */
const mayAskModel = (tool: Tool | undefined): boolean => tool?.grants?.model === true || tool?.grants?.memory === true;

const objectOf = (value: JsonValue | undefined): JsonObject => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});

const bounded = (amount: number): number => Math.min(Number.MAX_SAFE_INTEGER, amount);

function unreachable(kind: never): never {
  throw new RangeError(`unknown kind of step ${JSON.stringify(kind)}`);
}
