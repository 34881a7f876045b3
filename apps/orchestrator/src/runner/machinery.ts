import type { Bus } from '@trivet/bus';
import { reach } from '@trivet/service';
import { createGates, createJournalState, type Blobs, type CallQueue, type Claims, type Ledger, type LedgerClock, type Presence, type Redis, type ToolCatalog, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import type { Logger, Metrics } from '@trivet/telemetry';
import { afterCommit } from '../effects.js';
import { startAccountRetirer } from '../budget/account-retirer.js';
import { startGatekeeper, type Gatekeeper } from '../policy/gatekeeper.js';
import type { Policies } from '../policy/policies.js';
import { createChildren, type ChildrenParts } from './children.js';
import { startDispatcher, type Dispatcher } from './dispatcher.js';
import { createExecutorTools, type ExecutorTools } from './executor-tools.js';
import { startLiveness, type Liveness } from './liveness.js';
import { beginAccepted } from './open-and-begin.js';
import { addGauges } from '../metrics/gauges.js';
import { createWorkflowMetrics } from '../metrics/workflow-metrics.js';
import type { Continuity } from '../recovery/continuity.js';
import { startRelay } from './relay.js';
import { createRunner, type Runner } from './runner.js';
import { startSweeper } from './sweeper.js';

const EXPIRE_EVERY_MS = 1_000;
const EXPIRE_SIZE = 100;
/** Our own connection must be this old before 'nobody answers' is taken for a death. */
const STABLE_MS = 3_000;

/** What moves workflows, and goes on by itself once it is started. */
export interface Machinery {
  runner: Runner;
  liveness: Liveness;
  executorTools: ExecutorTools;
  dispatcher: Dispatcher;
  gatekeeper: Gatekeeper;
  /** The orchestrator that has a workflow's partition, as far as is known. */
  ownerOf: (ref: WorkflowRef) => string | null;
  /** Moves nothing more by itself: what is due is left to the other orchestrators. */
  idle: () => Promise<void>;
  /** Takes the last events to the journal, and gives its leases back. */
  flush: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface MachineryParts {
  bus: Bus;
  redis: Redis;
  clock: LedgerClock;
  store: WorkflowStore;
  blobs: Blobs;
  queue: CallQueue;
  claims: Claims;
  presence: Presence;
  catalog: ToolCatalog;
  ledger: Ledger;
  continuity: Continuity;
  /** Begins the child workflow of a step. */
  beginChild: ChildrenParts['begin'];
  policies: Policies;
  /** Nothing leaves before the journal has acknowledged it. */
  strictJournal: boolean;
  keepFinishedMs: number;
  metrics: Metrics;
  workerId: string;
  logger: Logger;
  onError: (error: unknown) => void;
}

/** Starts all that moves workflows, and with it recovers what others left. */
export function startMachinery(parts: MachineryParts): Machinery {
  const { bus, redis, queue, claims, store, workerId, onError } = parts;
  const visible = parts.strictJournal ? (ref: WorkflowRef, seq: number): Promise<void> => patiently(() => relay.complete(ref, seq)) : undefined;
  const peers = (): string[] => liveness.workers().flatMap((worker) => (worker.service === 'orchestrator' && !worker.draining ? [worker.id] : []));
  const watchCommit = createWorkflowMetrics(parts.metrics);
  const runner = createRunner({ ...parts, reach, visible, hasRoom: (tier) => dispatcher.hasRoom(tier), afterCommit: (ref, transition, news, dealt) => {
    afterCommit({ bus, dispatcher, relay, children, gatekeeper, ledger: parts.ledger, accounts, onError }, ref, transition, news, dealt);
    watchCommit(transition);
    for (const { type, data } of transition.events) if (type === 'workflow.failed') parts.logger.info({ code: data.failure.code }, 'A workflow failed');
  } });
  const gatekeeper = startGatekeeper({ gates: createGates(redis), policies: parts.policies, runner, begin: async (ref) => void (await runner.deliver(ref, { type: 'begin' })), onError });
  const children = createChildren({ runner, begin: parts.beginChild });
  const executorTools = createExecutorTools(parts);
  const liveness = watchWorkers(parts, runner, executorTools);
  const incarnation = keepStreams(bus, onError);
  const dispatcher = startDispatcher({ bus, queue, visible, weights: parts.policies.weights, slots: liveness.slots, waiting: liveness.waiting, missingTools: executorTools.missing, incarnation, reach, onError });
  const relay = startRelay({ bus, journal: createJournalState(redis), store, continuity: parts.continuity, owner: workerId, peers, onError });
  const sweeper = startSweeper({ bus, queue, claims, dispatcher, liveness, runner, begin: (ref) => beginAccepted({ ledger: parts.ledger, runner, gatekeeper }, ref), children, onError });
  const accounts = startAccountRetirer({ ledger: parts.ledger, keepFinishedMs: parts.keepFinishedMs, onError });
  const expiry = setInterval(() => void parts.ledger.expireDue(EXPIRE_SIZE).catch(onError), EXPIRE_EVERY_MS);
  addGauges(parts.metrics, { store, ledger: parts.ledger, dispatcher, workers: liveness.workers });

  return {
    runner, liveness, executorTools, dispatcher, gatekeeper, ownerOf: relay.ownerOf,
    idle: async () => {
      clearInterval(expiry);
      await gatekeeper.stop();
      await sweeper.stop();
      await dispatcher.stop();
      await accounts.stop();
    },
    flush: () => relay.stop(),
    stop: () => liveness.stop(),
  };
}

/** How often executors are asked anew which tools come with them. */
const LOOK_AT_TOOLS_EVERY_MS = 5_000;

function watchWorkers({ bus, presence, claims, catalog, logger, onError }: MachineryParts, runner: Runner, executorTools: ExecutorTools): Liveness {
  let lookedAt = 0;
  return startLiveness({
    bus, presence, claims, runner, stableMs: STABLE_MS, onError,
    onSeen: async (worker) => {
      if (worker.service === 'executor') await executorTools.learn(worker.id);
    },
    onAll: async (workers) => {
      const tools = await catalog.list();
      executorTools.see(workers, tools);
      const isTime = performance.now() - lookedAt > LOOK_AT_TOOLS_EVERY_MS;
      if (workers.length === 0 || (!isTime && tools.length > 0)) return;
      lookedAt = performance.now();
      // Redis has lost them, or an executor of an earlier version has others; they say them again.
      for (const worker of workers) if (worker.service === 'executor') await executorTools.learn(worker.id);
    },
    onLost: (worker) => logger.warn({ worker: worker.id, service: worker.service }, 'A worker is gone; its calls are taken over'),
  });
}

const PATIENCE_MS = 30_000;

/** What is committed has to become visible: the broker may be away for a while. */
async function patiently(task: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Makes streams anew that a broker lost, and says when the one of calls was made; asked again after each reconnect. */
function keepStreams(bus: Bus, onError: (error: unknown) => void): () => Promise<string> {
  let created: Promise<string> | null = null;
  bus.onReconnect(() => {
    created = null;
    void bus.ensureStreams().catch(onError);
  });
  return () => (created ??= bus.streamState('CALLS').then((state) => state.incarnation, (error) => { created = null; throw error; }));
}
