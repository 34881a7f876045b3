import { FlowProducer, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { serve } from './serve.mjs';

/** BullMQ, a job a step. chain: the worker of each step adds the next; flow: a tree of three jobs, the parent last. */
const [, , mode, port] = process.argv;
const WORKERS_A_QUEUE = 4;
const CONCURRENCY = 32;
const connect = () => new Redis(Number(port), '127.0.0.1', { maxRetriesPerRequest: null });
const shared = connect();
const kept = { removeOnComplete: 1_000, removeOnFail: 1_000 };
const waiting = new Map();
const noop = async () => 1;
const workers = [];

function work(queue, task) {
  for (let index = 0; index < WORKERS_A_QUEUE; index += 1) workers.push(new Worker(queue, task, { connection: connect(), concurrency: CONCURRENCY, removeOnComplete: { count: 1_000 } }));
  return workers.slice(-WORKERS_A_QUEUE);
}

const tellEnds = (ofQueue) => ofQueue.forEach((worker) => worker.on('completed', (job) => {
  waiting.get(job.data.id)?.();
  waiting.delete(job.data.id);
}));

let ids = 0;
const begin = (add) => async () => {
  const id = ids++;
  const end = new Promise((resolve) => waiting.set(id, resolve));
  await add(id);
  await end;
};

let runOne;
if (mode === 'flow') {
  const flows = new FlowProducer({ connection: shared });
  work('s1', noop);
  work('s2', noop);
  tellEnds(work('s3', noop));
  const job = (id, step) => ({ name: `s${step}`, queueName: `s${step}`, data: { id }, opts: kept, ...(step > 1 ? { children: [job(id, step - 1)] } : {}) });
  runOne = begin((id) => flows.add(job(id, 3)));
} else {
  const queues = [1, 2, 3].map((step) => new Queue(`c${step}`, { connection: shared }));
  for (const step of [1, 2]) {
    work(`c${step}`, async (job) => {
      const value = await noop();
      await queues[step].add(`c${step + 1}`, job.data, { ...kept, jobId: `w${job.data.id}-${step + 1}` });
      return value;
    });
  }
  tellEnds(work('c3', noop));
  runOne = begin((id) => queues[0].add('c1', { id }, kept));
}
await new Promise((resolve) => setTimeout(resolve, 500));
serve(runOne, { stop: async () => undefined });
