import { Worker } from 'node:worker_threads';
import { carryOut, type Assignment } from './compose.js';

/** Carries out assignments. */
export interface Extractor {
  run(assignment: Assignment, signal: AbortSignal): Promise<string>;
  stop(): Promise<void>;
}

/** In this thread: for tests and small tools. A long text holds everything else up. */
export const inlineExtractor: Extractor = {
  run: async (assignment) => carryOut(assignment),
  stop: async () => undefined,
};

/**
 * In a thread of its own, so that heartbeats go on while a long text is ranked. The thread starts with the first
 * assignment, takes one after another, and is replaced when it dies or when nobody wants the answer it works on.
 */
export function startExtractorThread(entry = new URL('./extract-thread.js', import.meta.url), execArgv: string[] = []): Extractor {
  let thread: Worker | null = null;
  let last: Promise<unknown> = Promise.resolve();

  function start(): Worker {
    const started = new Worker(entry, { execArgv, env: {}, resourceLimits: { maxOldGenerationSizeMb: 512 } });
    started.once('exit', () => {
      if (thread === started) thread = null;
    });
    return started;
  }

  return {
    run(assignment, signal) {
      const answer = last.then(() => {
        signal.throwIfAborted();
        thread ??= start();
        const current = thread;
        return ask(current, assignment, signal).catch(async (error: unknown) => {
          // Whatever went wrong, it may still be working: the next assignment gets a thread of its own.
          if (thread === current) thread = null;
          await current.terminate();
          throw error;
        });
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    async stop() {
      await thread?.terminate();
    },
  };
}

function ask(thread: Worker, assignment: Assignment, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const onMessage = (text: string): void => finish(() => resolve(text));
    const onError = (error: unknown): void => finish(() => reject(error));
    const onExit = (code: number): void => finish(() => reject(new Error(`the extractor thread ended with code ${code}`)));
    const onAbort = (): void => finish(() => reject(signal.reason));
    const finish = (act: () => void): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
      // An idle thread must not keep the process alive.
      thread.unref();
      act();
    };
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    thread.ref();
    thread.postMessage(assignment);
  });
}
