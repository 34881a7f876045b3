import type { TaskAccepted } from '@trivet/contracts';
import { pause } from './faults/fault.js';
import { seeded, type Random } from './random.js';
import { nextShape, timersDueAt, type Shape } from './shapes.js';
import { watchWorkflow, type Watched } from './watcher.js';

/** A workflow that was acknowledged, and what became of what we sent it. */
export interface Submitted {
  workflowId: string;
  shape: Shape;
  watched: Watched;
  /** Of the signal: how often it was sent, and how often that was acknowledged. */
  signal: { sent: number; acknowledged: number };
}

export interface Load {
  submitted: Submitted[];
  /** Answers that nobody should get. */
  refusals: string[];
  /** Resolves when nobody submits any more. */
  done: Promise<void>;
  /** Ends what still watches. */
  stop: () => void;
}

export interface LoadOptions {
  seconds: number;
  seed: number;
  /** Fewest and most lanes; between them the load ebbs and flows. */
  lanes: readonly [number, number];
  /** How many timers are due at one moment, once; 0 for none. */
  timers: number;
}

const TIDE_MS = 12_000;
/** A lane does not wait for ever for one workflow; the auditor does. */
const LANE_PATIENCE_MS = 10_000;
const TIMERS_A_WORKFLOW = 50;

/** Submits workflows of all shapes on lanes of which now few, now many are open. */
export function startLoad(urls: readonly string[], options: LoadOptions): Load {
  const startedAt = performance.now();
  const endsAt = startedAt + options.seconds * 1_000;
  const closing = new AbortController();
  const submitted: Submitted[] = [];
  const refusals: string[] = [];
  const [fewest, most] = options.lanes;
  const openLanes = (): number => fewest + ((most - fewest) * (1 - Math.cos(((performance.now() - startedAt) / TIDE_MS) * 2 * Math.PI))) / 2;

  async function submit(workflowId: string, shape: Shape): Promise<Submitted | null> {
    const refusal = await submitPatiently(urls, workflowId, shape);
    if (refusal) {
      refusals.push(refusal);
      return null;
    }
    const entry: Submitted = { workflowId, shape, watched: watchWorkflow(urls, workflowId, closing.signal), signal: { sent: 0, acknowledged: 0 } };
    submitted.push(entry);
    if (shape.signal) await sendSignal(urls, refusals, entry, shape.signal);
    return entry;
  }

  async function lane(index: number, random: Random): Promise<void> {
    for (let n = 0; performance.now() < endsAt; ) {
      if (index >= openLanes()) {
        await pause(100);
        continue;
      }
      const workflowId = `c${options.seed}-${index}-${n}`;
      n += 1;
      const entry = await submit(workflowId, nextShape(workflowId, random, Date.now()));
      if (entry) await Promise.race([entry.watched.ended, pause(LANE_PATIENCE_MS)]);
    }
  }

  async function timersAtOnce(): Promise<void> {
    if (options.timers === 0) return;
    await pause(options.seconds * 300);
    const dueAt = Date.now() + Math.min(10_000, options.seconds * 200);
    const count = Math.ceil(options.timers / TIMERS_A_WORKFLOW);
    for (let index = 0; index < count; index += 1) await submit(`c${options.seed}-timers-${index}`, timersDueAt(TIMERS_A_WORKFLOW, dueAt));
  }

  const lanes = Array.from({ length: Math.ceil(most) }, (_, index) => lane(index, seeded(options.seed * 1_000 + index)));
  return { submitted, refusals, done: Promise.all([...lanes, timersAtOnce()]).then(() => undefined), stop: () => closing.abort() };
}

/** The same id again and again until it is acknowledged, as a client does whose connection broke. Says what a refusal said. */
async function submitPatiently(urls: readonly string[], workflowId: string, { plan }: Shape): Promise<string | null> {
  const deadline = performance.now() + 60_000;
  for (let tries = 0; ; tries += 1) {
    const response = await post(urls, tries, '/api/v1/tasks', { goal: 'chaos', workflowId, user: 'u1', plan });
    const text = response ? await response.text().catch(() => '') : '';
    if (response?.ok) {
      const accepted: TaskAccepted = JSON.parse(text);
      return accepted.workflowId === workflowId ? null : `${workflowId} was accepted as ${accepted.workflowId}`;
    }
    if (response && response.status < 500 && response.status !== 429) return `${workflowId} was refused: ${response.status} ${text}`;
    if (performance.now() > deadline) return `nobody accepted ${workflowId} within 60 s: ${response?.status} ${text}`;
    await pause(50);
  }
}

/** Sent until it is acknowledged; how often is noted, since a signal whose answer got lost may come a second time. */
async function sendSignal(urls: readonly string[], refusals: string[], entry: Submitted, { name, payload }: NonNullable<Shape['signal']>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (entry.signal.acknowledged === 0 && performance.now() < deadline) {
    entry.signal.sent += 1;
    const response = await post(urls, entry.signal.sent, `/api/v1/workflows/${entry.workflowId}/signal`, { name, payload });
    if (response?.ok) entry.signal.acknowledged += 1;
    // Too late for a workflow that the first of two signals has ended already.
    else if (response?.status === 409) {
      if (entry.signal.sent === 1) refusals.push(`the only signal to ${entry.workflowId} was refused: ${await response.text()}`);
      return;
    } else await pause(200);
  }
}

const ANSWER_WITHIN_MS = 10_000;

/** Asks one orchestrator, and another the next time; null when it does not answer. */
async function post(urls: readonly string[], tries: number, path: string, body: object): Promise<Response | null> {
  const url = urls[tries % urls.length] ?? '';
  return fetch(`${url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(() => null);
}
