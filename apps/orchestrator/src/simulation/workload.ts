import type { AcceptedTask, EventData, JsonValue, Plan, PlanStep } from '@trivet/contracts';
import type { Random } from './random.js';

const SIGNALS = ['go', 'stop'] as const;
export const TENANTS = ['acme', 'umbrella'] as const;

/** A workflow that somebody asks for. */
export interface Submission {
  tenant: string;
  workflowId: string;
  data: EventData<'task.accepted'>;
}

/** Plans over all kinds of step; small ones, so that many seeds fit into a minute. */
export function drawSubmission(random: Random, index: number): Submission {
  const tenant = random.pick(TENANTS);
  const plan = drawPlan(random, random.between(1, 4), 0);
  const task: AcceptedTask = {
    goal: 'the goal',
    ...(random.chance(0.15) ? { deadlineMs: random.between(2_000, 15_000) } : {}),
    ...(random.chance(0.2) ? { budget: { tokens: 1_000 } } : {}),
    ...(random.chance(0.2) ? { priority: random.pick(['high', 'low'] as const) } : {}),
  };
  return { tenant, workflowId: `wf-${index}`, data: { tenant, task, plan, template: null, templateDigest: null, source: 'http', bodyHash: `hash-${index}`, traceparent: null, tools: { search: { digest: 'd', description: 'Searches', input: { type: 'object' } } } } };
}

function drawPlan(random: Random, count: number, depth: number): Plan {
  const steps: PlanStep[] = [];
  for (let index = 0; index < count; index += 1) steps.push(drawStep(random, `s${index}`, steps.map((step) => step.id), depth));
  return { steps };
}

function drawStep(random: Random, id: string, before: readonly string[], depth: number): PlanStep {
  const dependsOn = before.filter(() => random.chance(0.5));
  const [first] = dependsOn;
  return {
    id,
    ...(dependsOn.length > 0 ? { dependsOn } : {}),
    ...drawWork(random, depth),
    ...(first !== undefined && random.chance(0.15) ? { when: `steps.${first}.output != null` } : {}),
    ...(random.chance(0.4) ? { retry: { max: random.between(1, 3), initialMs: random.between(0, 300), codes: ['tool_failed', 'deadline_exceeded', 'approval_expired'] } } : {}),
    ...(random.chance(0.5) ? { onFailure: random.pick(['continue', 'degrade'] as const) } : {}),
    ...(random.chance(0.15) ? { timeoutMs: random.between(500, 8_000) } : {}),
  };
}

type Work = Omit<PlanStep, 'id'>;

function drawWork(random: Random, depth: number): Work {
  const kinds: readonly (() => Work)[] = [
    () => ({ kind: 'tool', tool: 'search', input: { q: 'a' } }),
    () => ({ kind: 'tool', tool: 'search', input: { q: '{{ goal }}' } }),
    () => ({ kind: 'model', input: { messages: [{ role: 'user', content: 'hello' }] } }),
    () => ({ kind: 'agent', input: { goal: 'find out', tools: ['search'], maxTurns: random.between(1, 4), maxCalls: random.between(0, 4) } }),
    () => ({ kind: 'code', input: { code: 'return 1' } }),
    () => drawMap(random),
    () => ({ kind: 'approval', input: { question: 'May I?', ...(random.chance(0.5) ? { expiresMs: random.between(200, 5_000), onExpire: random.pick(['deny', 'fail', 'approve'] as const) } : {}) } }),
    () => ({ kind: 'wait', input: { ms: random.between(0, 2_000) } }),
    () => ({ kind: 'wait', input: { signal: random.pick(SIGNALS), ...(random.chance(0.5) ? { timeoutMs: random.between(100, 4_000) } : {}) } }),
    (): Work => (depth < 2 ? { kind: 'workflow', input: { goal: 'part of it', plan: plainPlan(random, depth + 1) } } : { kind: 'tool', tool: 'search' }),
  ];
  return random.pick(kinds)();
}

/** A plan as it stands inside the input of a step: plain JSON. */
const plainPlan = (random: Random, depth: number): JsonValue => JSON.parse(JSON.stringify(drawPlan(random, random.between(1, 2), depth)));

function drawMap(random: Random): Work {
  const items = random.between(0, 4);
  const collect = random.pick(['all', 'any', { atLeast: random.between(1, 3) }, { atLeast: random.between(1, 2), withinMs: random.between(100, 3_000) }] as const);
  return { kind: 'map', over: Array.from({ length: items }, (_, index) => index), parallel: random.between(1, 3), ...(random.chance(0.6) ? { collect } : {}), step: { id: 'item', ...drawItem(random) } };
}

function drawItem(random: Random): Work {
  const kinds: readonly Work[] = [
    { kind: 'tool', tool: 'search', input: { q: { $: 'item' } } },
    { kind: 'model', input: { messages: [{ role: 'user', content: 'hello' }] } },
    { kind: 'wait', input: { ms: 50 } },
    { kind: 'approval', input: { question: 'And this?' } },
  ];
  return { ...random.pick(kinds), ...(random.chance(0.3) ? { onFailure: 'continue' } : {}) };
}

export const drawSignal = (random: Random): string => random.pick(SIGNALS);
