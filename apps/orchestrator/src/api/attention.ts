import { FailureError, type Attention, type DeadLetter } from '@trivet/contracts';
import type { Approvals } from '../approval/approvals.js';
import { workflowOf, type DeadLetters } from './dead-letters.js';
import type { Glance } from './glances.js';
import type { Queries } from './queries.js';
import type { Wait } from './waits.js';

export interface AttentionParts {
  approvals: Pick<Approvals, 'list'>;
  deadLetters: Pick<DeadLetters, 'newest'>;
  queries: Pick<Queries, 'waitOf'>;
}

const MOST = 20;
/** So many dead letters of all tenants are looked at. */
const MOST_LETTERS = 200;
/** What has begun a moment ago is not stuck. */
const PATIENCE_MS = 3_000;
const LONGEST_TITLE = 200;

/** What an operator should look at: of each kind the newest, in turns, so that many of one kind hide no other. */
export async function attentionOf(parts: AttentionParts, tenant: string, { failed, open }: { failed: readonly Glance[]; open: readonly Glance[] }, nowMs: number): Promise<Attention[]> {
  const [approvals, letters, stuck] = await Promise.all([parts.approvals.list(tenant, { limit: MOST }), parts.deadLetters.newest(tenant, MOST_LETTERS), stuckOf(parts, tenant, open, nowMs)]);
  const asked = approvals.items.map((approval): Attention => ({ kind: 'approval', workflowId: approval.workflowId, title: shorten(approval.goal), since: approval.requestedAt, sentence: `Step ${approval.stepId} waits for a decision: ${approval.question}` }));
  const kinds = [stuck, asked, failed.map(failedOf), letters.map(deadOf)].map((items) => items.toSorted(newestFirst));
  const chosen: Attention[] = [];
  for (let turn = 0; chosen.length < MOST && kinds.some((items) => turn < items.length); turn += 1) for (const items of kinds) chosen.push(...items.slice(turn, turn + 1));
  return chosen.slice(0, MOST).toSorted(newestFirst);
}

const newestFirst = (left: Attention, right: Attention): number => (left.since === right.since ? 0 : (left.since ?? '') < (right.since ?? '') ? 1 : -1);

const shorten = (text: string): string => (text.length > LONGEST_TITLE ? `${text.slice(0, LONGEST_TITLE - 1)}…` : text);

const failedOf = ({ workflowId, goal, finishedAt, failure }: Glance): Attention => ({
  kind: 'failed',
  workflowId,
  title: shorten(goal),
  since: finishedAt,
  sentence: `It failed (${failure?.code ?? 'internal'}): ${shorten(failure?.message ?? 'the reason was not recorded')} Retry it when that is mended; what it has is kept.`,
});

function deadOf(letter: DeadLetter): Attention {
  const workflowId = workflowOf(letter);
  return { kind: 'dead', ...(workflowId === undefined ? {} : { workflowId }), title: `Dead letter ${letter.seq} of ${letter.stream}`, since: letter.at, sentence: `After ${letter.attempts} ${letter.attempts === 1 ? 'attempt' : 'attempts'}: ${shorten(letter.reason)} Requeue it when that is mended, or remove it.` };
}

/** Of the oldest that should move: those that say what they wait for, but for those whose turn comes by itself, and those that have not begun. */
async function stuckOf({ queries }: AttentionParts, tenant: string, open: readonly Glance[], nowMs: number): Promise<Attention[]> {
  const candidates = open.filter((glance) => !glance.gated && nowMs - glance.createdMs > PATIENCE_MS).slice(-MOST);
  const looked = await Promise.all(
    candidates.map(async ({ workflowId, goal, createdMs }): Promise<Attention[]> => {
      const { status, startedAt, wait } = await queries.waitOf({ tenant, workflowId }).catch(ofOneThatIsGone);
      const { waitingFor } = wait.shown;
      if (wait.isInLine) return [];
      const sentence = status === 'accepted' ? (waitingFor ?? 'It has not begun. See /readyz?verbose for what is missing.') : status === 'running' ? waitingFor : null;
      return sentence === null ? [] : [{ kind: 'stuck', workflowId, title: shorten(goal), since: startedAt ?? new Date(createdMs).toISOString(), sentence }];
    }),
  );
  return looked.flat();
}

function ofOneThatIsGone(error: unknown): { status: null; startedAt: null; wait: Wait } {
  if (error instanceof FailureError && error.failure.code === 'not_found') return { status: null, startedAt: null, wait: { shown: { waitingFor: null }, isInLine: false } };
  throw error;
}
