import { MACHINE_VERSION } from '../workflow/advance.js';
import { openAndBegin } from '../runner/open-and-begin.js';
import { hasEnded, waitsToBegin, type WorkflowState } from '../workflow/state.js';
import type { Input } from '../workflow/transition.js';
import type { Orchestrator } from './orchestrator-process.js';
import { drawSignal, drawSubmission, type Submission } from './workload.js';
import type { World } from './world.js';

/** The people outside: they ask for work, and meddle with it. */
export interface Operator {
  begin: () => void;
  /** From now on they only help everything to its end. */
  bringToEnd: () => void;
  /** Whether all that was asked for was accepted and has ended. */
  isDone: () => boolean;
  hasEnded: (state: WorkflowState) => boolean;
}

const MEDDLE_EVERY_MS = 250;

export function createOperator(world: World, orchestrators: () => Orchestrator[]): Operator {
  const { scheduler, auditor } = world;
  const { random } = scheduler;
  const submissions = Array.from({ length: random.between(1, 3) }, (_, index) => drawSubmission(random, index));
  const accepted = new Set<string>();
  let isHelping = false;

  /** Asks again until somebody answers; an answer may get lost with the one who gave it. */
  function submit(submission: Submission): void {
    if (accepted.has(submission.workflowId)) return;
    scheduler.at(1_000, 'ask again', null, () => submit(submission));
    const orchestrator = pick();
    if (!orchestrator) return;
    scheduler.as(orchestrator.process, () => void accept(orchestrator, submission).then(() => accepted.add(submission.workflowId), () => undefined));
  }

  const { tell, signal, decideOne, pick } = createVoice(world, orchestrators);

  function meddle(): void {
    if (isHelping) return;
    scheduler.at(random.between(1, 2 * MEDDLE_EVERY_MS), 'meddle', null, meddle);
    const workflows = auditor.workflows();
    if (workflows.length === 0) return;
    const { state } = random.pick(workflows);
    if (hasEnded(state)) return random.chance(0.3) ? tell(state, { type: 'retry', reason: 'again' }) : undefined;
    const draw = random.next();
    if (draw < 0.15) tell(state, { type: 'pause', reason: 'wait' });
    else if (draw < 0.4) tell(state, { type: 'resume' });
    else if (draw < 0.45) tell(state, { type: 'cancel', reason: 'enough' });
    else if (draw < 0.7) tell(state, signal(drawSignal(random)));
    else decideOne(state);
  }

  /** What only somebody outside can end. */
  function help(): void {
    scheduler.at(MEDDLE_EVERY_MS * 2, 'help', null, help);
    for (const { state } of auditor.workflows()) {
      if (hasEnded(state)) continue;
      if (state.paused) tell(state, { type: 'resume' });
      decideOne(state);
      for (const step of state.steps.all()) if (step.status === 'open' && step.work.kind === 'wait' && step.work.signal !== null) tell(state, signal(step.work.signal));
    }
  }

  return {
    begin: () => {
      for (const submission of submissions) scheduler.at(random.between(0, 1_500), 'submit', null, () => submit(submission));
      scheduler.at(random.between(1, 2_000), 'meddle', null, meddle);
    },
    bringToEnd: () => {
      isHelping = true;
      help();
    },
    isDone: () => accepted.size === submissions.length && auditor.workflows().every(({ state }) => hasEnded(state)),
    hasEnded,
  };
}

interface Voice {
  pick: () => Orchestrator | null;
  tell: (state: WorkflowState, input: Input) => void;
  /** A signal that nobody else sends. */
  signal: (name: string) => Input;
  decideOne: (state: WorkflowState) => void;
}

function createVoice({ scheduler, auditor }: World, orchestrators: () => Orchestrator[]): Voice {
  const { random } = scheduler;
  let signals = 0;
  const pick = (): Orchestrator | null => {
    const present = orchestrators();
    return present.length === 0 ? null : random.pick(present);
  };
  const tell = (state: WorkflowState, input: Input): void => {
    const orchestrator = pick();
    if (!orchestrator) return;
    const { tenant, workflowId } = state.accepted;
    scheduler.trace(`${orchestrator.process.name} is told ${input.type} for ${workflowId}`);
    scheduler.as(orchestrator.process, () => void orchestrator.runner.deliver({ tenant, workflowId }, input).catch(() => undefined));
  };
  return {
    pick,
    tell,
    signal: (name) => {
      const payload = `signal-${(signals += 1)}`;
      auditor.sent(payload);
      return { type: 'signal', name, payload };
    },
    decideOne: (state) => {
      for (const step of state.steps.all()) {
        if (step.status !== 'open' || step.work.kind !== 'approval') continue;
        const decision = random.chance(0.7) ? ({ decision: 'approve' } as const) : ({ decision: 'deny', comment: 'no' } as const);
        return tell(state, { type: 'decide', stepId: step.id, approvalId: step.work.approvalId, actor: 'ann', decision });
      }
    },
  };
}

async function accept({ runner, begin }: Orchestrator, { tenant, workflowId, data }: Submission): Promise<void> {
  const ref = { tenant, workflowId };
  const outcome = await runner.begin(ref, { ...data, machine: MACHINE_VERSION });
  if (outcome.status === 'created' && waitsToBegin(outcome.state)) await openAndBegin(begin, ref, outcome.state);
}
