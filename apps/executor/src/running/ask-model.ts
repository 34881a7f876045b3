import { subjects, type Bus } from '@trivet/bus';
import { FailureError, ModelRequest, ModelResult, canonicalJson, childCallId, parseOrFail, type JsonValue, type ModelCall } from '@trivet/contracts';
import type { Blobs } from '@trivet/state';
import { currentTraceparent, withSpan } from '@trivet/telemetry';
import type { HostCallContext, InjectedFunction } from '../host/host-functions.js';
import type { HostReply } from '../sandbox/job.js';

/** A question without an answer is asked again this often: the same question finds the same call, so nothing is charged twice. */
const ASK_AGAIN_MS = 10_000;
const LONGEST_WAIT_MS = 600_000;

export interface ModelAsker {
  ask: InjectedFunction;
  close: () => void;
}

/**
 * The host function `model`: hands a tool's question to the model tier over the bus, under the workflow, trace and
 * budget of the tool's call. The call's id is made from the question and how often it was asked before, so that a tool
 * that runs again after a crash gets the recorded answer.
 */
export function createModelAsker(bus: Bus, blobs: Blobs): ModelAsker {
  const waiting = new Map<string, (result: ModelResult) => void>();
  const asked = new WeakMap<HostCallContext, Map<string, number>>();
  const inbox = bus.createInbox((notice) => {
    const parsed = ModelResult.safeParse(notice.json());
    if (parsed.success) waiting.get(parsed.data.callId)?.(parsed.data);
  });

  function callOf(context: HostCallContext, request: JsonValue): ModelCall {
    const question = canonicalJson(request);
    const counts = asked.get(context) ?? new Map<string, number>();
    const occurrence = (counts.get(question) ?? 0) + 1;
    counts.set(question, occurrence);
    asked.set(context, counts);
    const { tenant, workflowId, stepId, attempt, user, session, ancestors } = context;
    return {
      callId: childCallId({ tenant, workflowId, stepId, request: question, occurrence }),
      tenant, workflowId, stepId, attempt,
      ...(user ? { user } : {}),
      ...(session ? { session } : {}),
      ...(ancestors ? { ancestors } : {}),
      deadlineAt: context.deadlineAt ?? Date.now() + LONGEST_WAIT_MS,
      request: parseOrFail(ModelRequest, request, 'the request to the model'),
      parentCallId: context.callId,
      answerTo: inbox.subject,
    };
  }

  async function exchange(call: ModelCall, signal: AbortSignal): Promise<ModelResult> {
    let answer: (result: ModelResult) => void = () => undefined;
    const answered = new Promise<ModelResult>((resolve) => (answer = resolve));
    waiting.set(call.callId, answer);
    try {
      for (let round = 0; ; round += 1) {
        if (signal.aborted) throw new FailureError('cancelled', 'The tool was ended while it waited for the model.');
        // Of this process and round: the broker must not take the question of a successor for a repeat of a dead one's.
        await bus.publish(subjects.modelCall(call.tenant, call.workflowId), call, { workflowId: call.workflowId, messageId: `${call.callId}:${inbox.subject}:${round}` });
        const result = await Promise.race([answered, aborted(signal), pause(ASK_AGAIN_MS)]);
        if (result) return result;
      }
    } finally {
      waiting.delete(call.callId);
    }
  }

  return {
    ask: async (context, request, _occurrence, signal) => {
      try {
        const call = callOf(context, request);
        return await withSpan('host.model', { kind: 'client', attributes: { 'trivet.call.id': call.callId, 'trivet.traceparent': currentTraceparent() ?? '' } }, async () => replyOf(await exchange(call, signal), blobs));
      } catch (error) {
        if (error instanceof FailureError) return { error: { code: error.failure.code, message: error.failure.message } };
        throw error;
      }
    },
    close: () => inbox.stop(),
  };
}

async function replyOf(result: ModelResult, blobs: Blobs): Promise<HostReply> {
  if (result.failure) return { error: { code: result.failure.code, message: result.failure.message, ...(result.failure.detail ? { detail: result.failure.detail } : {}) } };
  const value: JsonValue = result.outputRef ? await blobs.load(result.outputRef) : JSON.parse(JSON.stringify(result.output ?? null));
  return { value };
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}
