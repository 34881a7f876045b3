import { toolNameOf, type PlanStep, type Worker } from '@trivet/contracts';
import { CODE_TOOL } from '../workflow/kinds/call.js';
import type { Accepted } from '../workflow/state.js';
import { tierOf, type Tier } from '../workflow/tier.js';

/** Who takes calls, as this process knows it just now: nothing is asked for it. */
export interface Hands {
  workers: () => readonly Worker[];
  /** Whether an executor may have a tool that comes with executors. */
  mayHave: (workerId: string, tool: string) => boolean;
  /** Calls that wait to be dealt, and those dealt and not ended. */
  depth: () => Record<Tier, { ready: number; sent: number }>;
}

/** What a call needs of whoever takes it. */
export interface Need {
  tier: Tier;
  tool: string | null;
  /** A tool that a tenant uploaded: every executor can run it. */
  everywhere: boolean;
}

/** Why a call is not taken, as the end of a sentence. */
export interface Hindrance {
  text: string;
  /** It is only a matter of time: workers that could take it are busy. */
  isBusy: boolean;
}

/** @returns what keeps a call from being taken; null where somebody has a slot for it */
export function hindranceOf(hands: Hands, need: Need): Hindrance | null {
  const [service, noun] = need.tier === 'tool' ? (['executor', 'executor'] as const) : (['model', 'model service'] as const);
  const workers = hands.workers().filter((worker) => worker.service === service && !worker.draining);
  if (workers.length === 0) return { text: `no ${noun} is running${need.tool === null ? '' : ` for the tool ${need.tool}`}`, isBusy: false };
  const { tool } = need;
  const able = tool === null || need.everywhere ? workers : workers.filter(({ id }) => hands.mayHave(id, tool));
  if (able.length === 0) return { text: `no executor has the tool ${tool}`, isBusy: false };
  if (able.some((worker) => working(worker) < worker.slots)) return null;
  const slots = sum(able, (worker) => worker.slots);
  const whose = able.length < workers.length ? ` that ${able.length === 1 ? 'has' : 'have'} the tool ${tool}` : '';
  return { text: `${slots === 1 ? 'the only slot' : `all ${slots} slots`} of ${able.length} ${noun}${able.length === 1 ? '' : 's'}${whose} ${slots === 1 ? 'is' : 'are'} busy${inLine(hands, need.tier, workers)}`, isBusy: true };
}

/** What the steps of a workflow may need, each once; also what its agents and scripts may call. */
export function needsOf(accepted: Accepted): Need[] {
  const needs = new Map<string, Need>();
  const add = (tier: Tier, reference: string | null): void => void needs.set(`${tier} ${reference}`, needOf(accepted, tier, reference));
  const look = (step: PlanStep): void => {
    if (step.step) look(step.step);
    if (step.kind === 'model' || step.kind === 'agent') add('model', null);
    if (step.kind === 'tool' || step.kind === 'code') add(tierOf(step), toolOf(step));
  };
  accepted.plan.steps.forEach(look);
  for (const reference of Object.keys(accepted.tools ?? {})) add('tool', reference);
  return [...needs.values()];
}

/** What the call of a step needs. */
export const needOfStep = (accepted: Accepted, step: PlanStep): Need => needOf(accepted, tierOf(step), toolOf(step));

const toolOf = (step: PlanStep): string | null => (step.kind === 'code' ? CODE_TOOL : (step.tool ?? null));

const needOf = ({ tools }: Accepted, tier: Tier, reference: string | null): Need => ({ tier, tool: reference === null ? null : toolNameOf(reference), everywhere: reference !== null && tools?.[reference]?.version !== undefined });

/** Calls that use a slot, or wait in their worker for one. */
const working = ({ inFlight, waiting = 0 }: Worker): number => inFlight - waiting;

/** About how many calls come first, at most: those that are not at work yet, but for this one. */
function inLine(hands: Hands, tier: Tier, workers: readonly Worker[]): string {
  const { ready, sent } = hands.depth()[tier];
  const atWork = sum(workers, (worker) => Math.min(worker.slots, working(worker)) + (worker.waiting ?? 0));
  const ahead = ready + sent - atWork - 1;
  if (ahead < 1) return '';
  return `, and about ${ahead} ${ahead === 1 ? 'call is' : 'calls are'} ahead of it`;
}

const sum = (workers: readonly Worker[], of: (worker: Worker) => number): number => workers.reduce((total, worker) => total + of(worker), 0);
