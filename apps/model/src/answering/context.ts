import type { Delta, ModelAttempt, ModelCall } from '@trivet/contracts';
import type { AccountRef, AnswerCache, Blobs, CrossedThreshold, Denial, Ledger, Rates } from '@trivet/state';
import type { ContentCapture } from './capture-content.js';
import type { PromptStore } from '../prompts/prompt-store.js';
import type { Router } from '../routing/router.js';

/** What answering a call needs from the world. */
export interface ModelContext {
  ledger: Ledger;
  /** Rates of endpoints, shared with all other replicas. */
  rates: Rates;
  cache: AnswerCache;
  router: Router;
  prompts: PromptStore;
  blobs: Pick<Blobs, 'load' | 'put'>;
  /** The id of this process. */
  worker: string;
  nowMs(): number;
  /** From 0 to 1. */
  random(): number;
  /** Ends early, without an error, when the signal aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  /** Set: prompts and answers go into spans, without secrets. */
  capture?: ContentCapture;
  onDelta(call: ModelCall, delta: Delta): void;
  /** For the metrics; `provider` is the vendor's. */
  onAttempt(attempt: ModelAttempt, provider: string): void;
  /** For the metrics: an account has not enough left for an attempt. */
  onDenied(denial: Pick<Denial, 'account'>): void;
  /** An account passed 80 % of a limit; told once for a limit and window. */
  onThreshold(call: ModelCall, crossed: CrossedThreshold): void;
  /** Something an operator should know; the call goes on. */
  onNotice(call: ModelCall, message: string, cause?: unknown): void;
  /** A named place where a test may kill this process; costs nothing otherwise. */
  reach(label: string): void;
}

/** How long a hold lives without a heartbeat; a worker that died is usually noticed much sooner. */
export const LEASE_MS = 60_000;
/** How long results are kept: longer than any message may be delivered again. */
export const KEEP_MS = 9 * 86_400_000;

/** Every account a call is charged to. */
export function accountsOf({ tenant, workflowId, ancestors = [], session, user }: ModelCall): AccountRef[] {
  return [
    ...[workflowId, ...ancestors].map((id) => ({ scope: 'workflow' as const, tenant, id })),
    ...(session === undefined ? [] : [{ scope: 'session' as const, tenant, id: session }]),
    ...(user === undefined ? [] : [{ scope: 'user' as const, tenant, id: user }]),
    { scope: 'tenant', tenant, id: tenant },
    { scope: 'global', tenant, id: 'global' },
  ];
}
