import { subjects, type Bus } from '@trivet/bus';
import { HEADERS, type Failure } from '@trivet/contracts';
import type { DealtCall, Ledger, WorkflowRef } from '@trivet/state';
import type { AccountRetirer } from './budget/account-retirer.js';
import type { Gatekeeper } from './policy/gatekeeper.js';
import type { Children } from './runner/children.js';
import type { Dispatcher } from './runner/dispatcher.js';
import type { Relay } from './runner/relay.js';
import type { CommittedEvents } from './runner/runner.js';
import { hasEnded } from './workflow/state.js';
import type { Effect, Transition } from './workflow/transition.js';

export interface EffectParts {
  bus: Bus;
  dispatcher: Dispatcher;
  relay: Relay;
  children: Children;
  gatekeeper: Pick<Gatekeeper, 'leave'>;
  ledger: Pick<Ledger, 'expireCall'>;
  accounts: Pick<AccountRetirer, 'retire' | 'keep'>;
  onError: (error: unknown) => void;
}

/** Carries out, after a commit, what the commit made true. All of it is repaired by the watchdog if this process dies here. */
export function afterCommit(parts: EffectParts, ref: WorkflowRef, transition: Transition, news: CommittedEvents, dealt: readonly DealtCall[] = []): void {
  for (const call of dealt) parts.dispatcher.send(call);
  for (const effect of transition.effects) if (effect.do !== 'schedule' || !dealt.some((call) => call.callId === effect.callId)) carryOut(parts, ref, effect, transition);
  if (hasEnded(transition.state) && transition.state.accepted.parent) void parts.children.report(ref, transition.state).catch(parts.onError);
  if (hasEnded(transition.state)) parts.accounts.retire(ref);
  else if (transition.events.some(({ type }) => type === 'workflow.retried')) parts.accounts.keep(transition.state.accepted);
  if (hasEnded(transition.state) && transition.state.accepted.gated) void parts.gatekeeper.leave(transition.state).catch(parts.onError);
  parts.relay.kick(ref, news, hasEnded(transition.state));
}

function carryOut({ bus, dispatcher, children, ledger, onError }: EffectParts, ref: WorkflowRef, effect: Effect, transition: Transition): void {
  switch (effect.do) {
    case 'schedule':
    case 'reopen':
      return dispatcher.kick(ref, effect.tier);
    case 'close':
      return dispatcher.closed(ref, effect.callId, effect.tier, ranMs(transition, effect.callId));
    case 'stop':
      return bus.notify(subjects.callCancel(ref.tenant, ref.workflowId), { ...ref, callIds: effect.callIds }, { workflowId: ref.workflowId });
    case 'dead-letter':
      // What its dead workers held is charged now and not when their leases lapse.
      return void Promise.all([deadLetter(bus, ref, effect), ledger.expireCall(effect.callId)]).catch(onError);
    case 'spawn':
      return void children.ensure(ref, effect.stepId).catch(onError);
    case 'tell-child':
      return void children.tell(ref, effect.childId, effect.what).catch(onError);
    case 'timer':
    case 'clear-timer':
    case 'store':
    case 'ask':
    case 'answered':
      // Done with the commit itself.
      return;
    default:
      return unreachable(effect);
  }
}

/** How long a call kept its slot, as its result says. */
function ranMs({ events }: Transition, callId: string): number | undefined {
  for (const { data } of events) if ('call' in data && data.call?.callId === callId) return data.call.sandbox?.wallMs;
  return undefined;
}

async function deadLetter(bus: Bus, ref: WorkflowRef, effect: { stepId: string; callId: string; failure: Failure }): Promise<void> {
  await bus.publish(subjects.dead('CALLS'), { ...ref, stepId: effect.stepId, callId: effect.callId, failure: effect.failure }, {
    workflowId: ref.workflowId,
    messageId: `dead-${effect.callId}`,
    headers: { [HEADERS.deadReason]: effect.failure.message, [HEADERS.deadAttempts]: '3' },
  });
}

function unreachable(effect: never): never {
  throw new RangeError(`unknown effect ${JSON.stringify(effect)}`);
}
