import type { WorkflowRef, WorkflowStore } from '@trivet/state';
import { apply } from '../workflow/apply.js';
import { hasEnded, type WorkflowState } from '../workflow/state.js';
import { decodeEvent, decodeWorkflow } from './codec.js';

export interface KnownWorkflow {
  state: WorkflowState;
  version: number;
  seq: number;
  chain: string;
}

/** Workflows this process moved last. A stale one does no harm: the commit finds the version changed. */
export interface KnownWorkflows {
  /** As this process saw it last. */
  peek: (ref: WorkflowRef) => KnownWorkflow | undefined;
  /** As it is stored. What others did since we looked last is folded onto what we know: a long history is not read anew. */
  current: (ref: WorkflowRef) => Promise<KnownWorkflow | null>;
  learn: (ref: WorkflowRef, known: KnownWorkflow) => void;
}

const MOST = 5_000;

export function createKnownWorkflows(store: Pick<WorkflowStore, 'load' | 'loadSince'>): KnownWorkflows {
  const entries = new Map<string, KnownWorkflow>();

  function learn(ref: WorkflowRef, known: KnownWorkflow): void {
    const key = keyOf(ref);
    entries.delete(key);
    if (hasEnded(known.state)) return;
    entries.set(key, known);
    if (entries.size <= MOST) return;
    const oldest = entries.keys().next().value;
    if (oldest !== undefined) entries.delete(oldest);
  }

  return {
    peek: (ref) => entries.get(keyOf(ref)),
    learn,
    current: async (ref) => {
      const before = entries.get(keyOf(ref));
      const news = before ? await store.loadSince(ref, before.seq) : null;
      const known = before && news && news.chainAtSeq === before.chain ? { state: fold(before.state, news.events), version: news.version, seq: before.seq + news.events.length, chain: news.chain } : await load(store, ref);
      if (known) learn(ref, known);
      else entries.delete(keyOf(ref));
      return known;
    },
  };
}

const fold = (state: WorkflowState, events: readonly string[]): WorkflowState => events.reduce<WorkflowState>((folded, text) => apply(folded, decodeEvent(text)), state);

async function load(store: Pick<WorkflowStore, 'load'>, ref: WorkflowRef): Promise<KnownWorkflow | null> {
  const stored = await store.load(ref);
  return stored ? { state: decodeWorkflow(stored), version: stored.version, seq: stored.seq, chain: stored.chain } : null;
}

export const keyOf = (ref: WorkflowRef): string => `${ref.tenant}/${ref.workflowId}`;
