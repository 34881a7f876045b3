import type { PlanStep } from '@trivet/contracts';
import { between, type Random } from './random.js';
import { REFUSED_ONCE } from './target.js';

/** What a workflow of the load looks like. The keys of its effects begin with its id. */
export interface Shape {
  name: string;
  plan: { steps: PlanStep[] };
  /** Sent once it is accepted; the payload is what the history must hold once. */
  signal?: { name: string; payload: string };
}

type ShapeMaker = (workflowId: string, random: Random, nowMs: number) => Omit<Shape, 'name'>;

const effect = (id: string, key: string, more: Partial<PlanStep> & { saw?: string } = {}): PlanStep => {
  const { saw, ...rest } = more;
  return { id, kind: 'tool', tool: 'effect', input: { key: `${key}/${id}`, ...(saw ? { saw: { $: saw } } : {}) }, ...rest };
};

const ask = (id: string, key: string, more: Partial<PlanStep> = {}): PlanStep => ({ id, kind: 'model', input: { messages: [{ role: 'user', content: `[${key}/${id}] What is the number of this answer?` }], maxTokens: 50 }, ...more });

/** Every kind of hop that a result can take; each later step says what it saw of the earlier ones. */
const MAKERS: Record<string, ShapeMaker> = {
  diamond: (id) => ({ plan: { steps: [effect('left', id), effect('right', id), ask('ask', id, { dependsOn: ['left', 'right'] }), effect('last', id, { saw: '[steps.left.output.execution, steps.right.output.execution, steps.ask.output.text]', dependsOn: ['ask'] })] } }),
  map: (id) => ({
    plan: {
      steps: [
        { id: 'fan', kind: 'map', over: ['a', 'b', 'c', 'd', 'e', 'f'], parallel: 3, step: { id: 'one', kind: 'tool', tool: 'effect', input: { key: `${id}/fan/{{ item }}` } } },
        effect('sum', id, { saw: 'steps.fan.output[].execution', dependsOn: ['fan'] }),
      ],
    },
  }),
  timer: (id, random, nowMs) => ({ plan: { steps: [{ id: 'nap', kind: 'wait', input: { until: nowMs + between(random, [300, 2_500]) } }, effect('after', id, { dependsOn: ['nap'] })] } }),
  signal: (id) => ({ signal: { name: 'go', payload: `${id}-go` }, plan: { steps: [effect('first', id), { id: 'gate', kind: 'wait', input: { signal: 'go' }, dependsOn: ['first'] }, effect('after', id, { saw: 'steps.gate.output.payload', dependsOn: ['gate'] })] } }),
  child: (id) => ({ plan: { steps: [{ id: 'sub', kind: 'workflow', input: { goal: 'child', plan: { steps: [{ id: 'inner', kind: 'tool', tool: 'effect', input: { key: `${id}/inner` } }] } } }, effect('after', id, { saw: 'steps.sub.output.inner.execution', dependsOn: ['sub'] })] } }),
  agent: (id) => ({ plan: { steps: [{ id: 'bot', kind: 'agent', input: { goal: `[${id}/agent] Use the tool, then answer.`, tools: ['effect'], maxTurns: 4, maxCalls: 4, maxTokens: 10_000 } }] } }),
  refused: (id) => ({ plan: { steps: [effect('again', id, { input: { key: `${id}/again${REFUSED_ONCE}` }, retry: { max: 3, initialMs: 100, codes: ['tool_failed'] } })] } }),
};

const NAMES = Object.keys(MAKERS);

export function nextShape(workflowId: string, random: Random, nowMs: number): Shape {
  const name = NAMES[Math.floor(random() * NAMES.length)] ?? '';
  const make = MAKERS[name];
  if (!make) throw new RangeError(`unreachable: no shape ${name}`);
  return { name, ...make(workflowId, random, nowMs) };
}

/** Many timers due at one moment. */
export const timersDueAt = (count: number, dueAtMs: number): Shape => ({ name: 'timers', plan: { steps: Array.from({ length: count }, (_, index) => ({ id: `t${index}`, kind: 'wait' as const, input: { until: dueAtMs } })) } });
