import { subjects, type Bus } from '@trivet/bus';
import { HEADERS, type Failure } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { Dispatcher } from './runner/dispatcher.js';
import type { Relay } from './runner/relay.js';
import type { Transition } from './workflow/transition.js';

/** Carries out, after a commit, what the commit made true. All of it is repaired by the watchdog if this process dies here. */
export function afterCommit(parts: { bus: Bus; dispatcher: Dispatcher; relay: Relay; onError: (error: unknown) => void }, ref: WorkflowRef, transition: Transition): void {
  for (const effect of transition.effects) {
    if (effect.do === 'schedule' || effect.do === 'reopen') parts.dispatcher.kick(ref, effect.tier);
    if (effect.do === 'close') parts.dispatcher.kick(ref, effect.tier, 1);
    if (effect.do === 'stop') parts.bus.notify(subjects.callCancel(ref.tenant, ref.workflowId), { ...ref, callIds: effect.callIds }, { workflowId: ref.workflowId });
    if (effect.do === 'dead-letter') void deadLetter(parts.bus, ref, effect).catch(parts.onError);
  }
  parts.relay.kick(ref);
}

async function deadLetter(bus: Bus, ref: WorkflowRef, effect: { stepId: string; callId: string; failure: Failure }): Promise<void> {
  await bus.publish(subjects.dead('CALLS'), { ...ref, stepId: effect.stepId, callId: effect.callId, failure: effect.failure }, {
    workflowId: ref.workflowId,
    messageId: `dead-${effect.callId}`,
    headers: { [HEADERS.deadReason]: effect.failure.message, [HEADERS.deadAttempts]: '3' },
  });
}
