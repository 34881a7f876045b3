import { fileURLToPath } from 'node:url';
import { connectBus } from '@trivet/bus';
import { startStack } from '@trivet/testing';
import { cpuMsOf } from './measure.mjs';

const HANDLER = fileURLToPath(new URL('handler-executor.mjs', import.meta.url));
const SLOTS_OF_HANDLER = '64';

/** Three steps, each recorded before the next begins. */
const chain = (tool, input) => ({ steps: [1, 2, 3].map((n) => ({ id: `s${n}`, kind: 'tool', tool, input, ...(n > 1 ? { dependsOn: [`s${n - 1}`] } : {}) })) });
export const PLAN = chain('calculator', { expression: '1' });
/** The smallest WASM tool, which has next to nothing to do: what is measured is the sandbox. */
export const SMALLEST_TOOL_PLAN = chain('text_stats', { text: 'a' });

/**
 * Trivet as it ships: each service a process of its own, steps going over the bus. `handler`: the executor answers each call
 * itself, with its claim, result and acknowledgement, instead of running the tool in the sandbox.
 */
export async function startOurs({ handler = false, replicas = {}, without = ['model'], preload, environment = {} } = {}) {
  const imports = [...(handler ? [HANDLER] : []), ...(preload ? [preload] : [])];
  const stack = await startStack({
    without,
    replicas,
    environment: { ...(handler ? { TRIVET_EXECUTOR_SLOTS: SLOTS_OF_HANDLER } : {}), ...(imports.length > 0 ? { NODE_OPTIONS: imports.map((file) => `--import ${file}`).join(' ') } : {}), ...environment },
  });
  const bus = await connectBus({ url: stack.servers.nats.url, name: 'bench' });
  const ends = new Map();
  bus.listen('trivet.v1.event.default.*.workflow.*', (notice) => {
    const [, , , , id, , fact] = notice.subject.split('.');
    if (fact !== 'completed' && fact !== 'failed') return;
    ends.get(id)?.(fact === 'failed' ? JSON.stringify(notice.json().data?.failure ?? notice.json()) : fact);
    ends.delete(id);
  });
  const run = Date.now().toString(36);
  let counter = 0;
  /** Submits over the bus; `accepted` and `ended` say how it goes on, and reject when it does not. */
  function begin(plan) {
    counter += 1;
    const workflowId = `${run}-${counter}`;
    const ended = new Promise((resolve) => ends.set(workflowId, resolve)).then((fact) => {
      if (fact !== 'completed') throw new Error(`${workflowId} failed: ${fact}`);
    });
    const accepted = bus.request('trivet.v1.rpc.task.submit', { goal: 'bench', workflowId, plan }).then((answer) => {
      if (answer.errorCode !== null) throw new Error(JSON.stringify(answer.body));
    });
    return { accepted, ended };
  }
  return {
    stack,
    bus,
    begin,
    /** Submits over the bus and waits for the terminal event: what another service of the team does. */
    runOne: async (plan = PLAN) => {
      const { accepted, ended } = begin(plan);
      await accepted;
      await ended;
    },
    /** The same over HTTP, waiting in the request. */
    runOneOverHttp: async () => {
      const response = await stack.submit({ goal: 'bench', plan: PLAN }, { query: '?wait=30s' });
      const workflow = await response.json();
      if (workflow.status !== 'completed') throw new Error(`${response.status} ${JSON.stringify(workflow)}`);
    },
    cpuMs: () => ({
      orchestrator: sum(stack.processes('orchestrator')),
      executor: sum(stack.processes('executor')),
      nats: cpuMsOf(stack.servers.nats.pid),
      redis: cpuMsOf(stack.servers.redis.pid),
      client: process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
    }),
    stop: async () => {
      await bus.close();
      await stack.stop();
    },
  };
}

const sum = (processes) => processes.reduce((total, each) => total + cpuMsOf(each.pid), 0);
