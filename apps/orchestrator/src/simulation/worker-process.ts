import { publishPatiently, RedeliverError, subjects, type Bus } from '@trivet/bus';
import { CONSUMERS, FailureError, type JsonValue, type ModelCall, type ToolCall } from '@trivet/contracts';
import { keepClaims } from '@trivet/state';
import { parseSimulatedCall } from './simulated-call.js';
import { answerOf } from './simulated-answers.js';
import type { Process } from './scheduler.js';
import type { World } from './world.js';

const BUSY_MS = 1_000;
const SLOTS = 4;

/** An executor or model process: claims a call, takes its time, and reports, in the order in which the real ones do it. */
export function startWorker(world: World, service: 'executor' | 'model'): Process {
  const process = world.addProcess(service);
  world.announce(process, service, SLOTS);
  world.scheduler.as(process, () => run(world, process, service));
  return process;
}

function run(world: World, process: Process, service: 'executor' | 'model'): void {
  const bus = world.network.busFor(process);
  const { claims, blobs } = world.portsOf(process);
  const running = new Map<string, { workflowId: string; isStopped: boolean }>();
  keepClaims(claims, process.name, (callId) => running.has(callId), () => undefined);
  bus.listen(subjects.allCancels(), (notice) => {
    const { workflowId, callIds } = parseSimulatedCall(notice.data);
    for (const [callId, call] of running) if (call.workflowId === workflowId && (!callIds || callIds.includes(callId))) call.isStopped = true;
  });

  async function claimAndRun(call: ToolCall & ModelCall): Promise<void> {
    const ref = { tenant: call.tenant, workflowId: call.workflowId };
    if (running.has(call.callId)) throw new RedeliverError('runs here already', BUSY_MS);
    const state = { workflowId: call.workflowId, isStopped: false };
    running.set(call.callId, state);
    try {
      const claim = await claims.claim(ref, call.callId, process.name);
      if (claim.status === 'busy') throw new RedeliverError(`held by ${claim.worker}`, BUSY_MS);
      if (claim.status !== 'claimed') return;
      let resultSeq: number | null = null;
      try {
        resultSeq = await work(call, claim.epoch, state);
      } finally {
        if (resultSeq === null) await claims.release(ref, call.callId, process.name, claim.epoch, 'open');
        else claims.releaseSoon(ref, call.callId, process.name, claim.epoch, { reported: resultSeq });
      }
    } finally {
      running.delete(call.callId);
    }
  }

  async function work(call: ToolCall & ModelCall, epoch: number, state: { isStopped: boolean }): Promise<number | null> {
    await pause(world, process);
    if (state.isStopped) return null;
    const answer = answerOf(world.scheduler.random, service, call.request ?? null, world.scheduler.faults.lost > 0);
    const value = 'failure' in answer ? { failure: answer.failure } : await travelling(blobs, answer.output);
    const { callId, tenant, workflowId, stepId, attempt } = call;
    const at = new Date(world.scheduler.nowMs()).toISOString();
    const message = { callId, tenant, workflowId, stepId, attempt, epoch, worker: process.name, startedAt: at, finishedAt: at, ...value };
    const subject = service === 'model' ? subjects.modelResult(tenant, workflowId) : subjects.toolResult(tenant, workflowId);
    const { seq } = await publishPatiently(bus, subject, message, { workflowId, messageId: `${callId}:${epoch}:r` });
    return seq;
  }

  consume(bus, service, claimAndRun);
}

function consume(bus: Bus, service: 'executor' | 'model', handle: (call: ToolCall & ModelCall) => Promise<void>): void {
  bus.consume({
    consumer: service === 'model' ? CONSUMERS.modelCalls : CONSUMERS.toolCalls,
    concurrency: () => SLOTS,
    handle: async (delivery) => {
      await handle(parseSimulatedCall(delivery.data));
      return { do: 'ack' };
    },
  });
}

/** Mostly short; now and then longer than the broker waits for a sign of life. */
function pause({ scheduler }: World, process: Process): Promise<void> {
  const ms = scheduler.random.chance(0.03) ? scheduler.random.between(2_000, 6_000) : scheduler.random.between(1, 150);
  return new Promise((resolve) => scheduler.at(ms, 'work done', process, resolve));
}

async function travelling(blobs: { store: (value: JsonValue) => Promise<{ inline: JsonValue | undefined } | { reference: { blob: string; bytes: number } }> }, output: JsonValue): Promise<object> {
  const stored = await blobs.store(output);
  if ('reference' in stored) return { outputRef: stored.reference };
  if (stored.inline === undefined) throw new FailureError('internal', 'An answer is never undefined.');
  return { output: stored.inline };
}
