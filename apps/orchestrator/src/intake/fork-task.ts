import { createHash } from 'node:crypto';
import { FailureError, canonicalJson, type EventData, type Fact, type ForkBody, type JsonObject, type JsonValue, type Plan, type PlanStep } from '@trivet/contracts';
import { currentTraceparent } from '@trivet/telemetry';
import { planIndex } from '../workflow/plan-index.js';
import type { WorkflowState } from '../workflow/state.js';
import type { PlanTask } from '../planning/plan-task.js';

/**
 * The task of a fork: the plan of another workflow, or of a template, with what was changed; and the results that it takes
 * over, which are those of every step that does not follow from the one it is forked at.
 * @throws FailureError invalid_request: the plan has no such step
 */
export async function forkTask(source: WorkflowState, { reason: _reason, ...body }: ForkBody, planTask: PlanTask): Promise<{ data: EventData<'task.accepted'>; reused: Fact[] }> {
  const { accepted } = source;
  const base = body.template === undefined ? accepted.plan : (await planTask({ goal: accepted.task.goal, template: body.template }, { tenant: accepted.tenant })).plan;
  if (!planIndex(base).byId.has(body.fromStep)) {
    const detail = `names the step ${body.fromStep}, which the plan does not have; it has ${base.steps.slice(0, 20).map((step) => step.id).join(', ')}`;
    throw new FailureError('invalid_request', `The fork is not valid: /fromStep ${detail}.`, { errors: [{ pointer: '/fromStep', detail }] });
  }
  const again = followersOf(base, body.fromStep);
  const changed: Plan = { ...base, steps: base.steps.map((step) => (again.has(step.id) ? changedStep(step, body) : step)) };
  const planned = await planTask({ goal: accepted.task.goal, plan: changed }, { tenant: accepted.tenant, allowed: accepted.allowedTools });
  const { workflowId: _, template: __, ...kept } = accepted.task;
  const task = { ...kept, ...(body.input === undefined ? {} : { input: body.input }) };
  const fork = { workflowId: accepted.workflowId, fromStep: body.fromStep };
  const data: EventData<'task.accepted'> = {
    tenant: accepted.tenant,
    task,
    ...planned,
    template: body.template ?? accepted.template,
    templateDigest: body.template === undefined ? accepted.templateDigest : planned.templateDigest,
    source: 'fork',
    bodyHash: createHash('sha256').update(canonicalJson({ ...body, of: accepted.workflowId })).digest('hex'),
    traceparent: currentTraceparent() ?? null,
    fork,
  };
  return { data, reused: changed.steps.flatMap((step) => (again.has(step.id) ? [] : reusedFact(source, step))) };
}

/** The step and all that wait for it, directly or not. */
function followersOf(plan: Plan, stepId: string): ReadonlySet<string> {
  const { dependents } = planIndex(plan);
  const found = new Set([stepId]);
  for (const id of found) for (const dependent of dependents.get(id) ?? []) found.add(dependent);
  return found;
}

function changedStep(step: PlanStep, body: ForkBody): PlanStep {
  const isFirst = step.id === body.fromStep;
  const input: JsonValue | undefined = isFirst && body.stepInput !== undefined ? body.stepInput : step.input;
  const asksModel = step.kind === 'model' || step.kind === 'agent';
  return {
    ...step,
    ...(input === undefined ? {} : { input }),
    ...(isFirst && body.prompt !== undefined && asksModel ? { prompt: body.prompt } : {}),
    ...(body.model !== undefined && asksModel ? { input: withModel(input, body.model) } : {}),
  };
}

function withModel(input: JsonValue | undefined, model: string): JsonObject {
  const { tier: _, ...rest } = input !== null && typeof input === 'object' && !Array.isArray(input) ? input : {};
  return { ...rest, model };
}

/** What did not end well there runs here. */
function reusedFact(source: WorkflowState, { id }: PlanStep): Fact[] {
  const step = source.steps.get(id);
  if (step?.status === 'skipped') return [{ type: 'step.skipped', data: { stepId: id, reason: step.reason } }];
  if (step?.status !== 'completed') return [];
  const computed = step.calls.findLast((each) => each.outcome === 'completed' && each.parentCallId === undefined);
  // It was paid for there.
  const call = computed ? { ...computed, usage: null } : null;
  const input = step.inputRef ? { inputRef: step.inputRef } : { input: step.input };
  const output = step.outputRef ? { outputRef: step.outputRef } : { output: step.output };
  return [{ type: 'step.reused', data: { stepId: id, from: step.reusedFrom ?? source.accepted.workflowId, call, ...input, ...output } }];
}
