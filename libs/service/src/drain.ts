import type { ServiceLogger } from './service-logger.js';
import type { StartedService } from './started-service.js';

/** What remains to be done after the drain time; together with the default of 5 s it stays under 8 s. */
const FLUSH_LIMIT_MS = 1_000;
const CLOSE_LIMIT_MS = 1_500;

/**
 * Brings a service to rest: stop intake, wait for work in flight, hand back the rest, flush, close. Each phase has its
 * limit and a phase that fails or is late is logged and passed over, because a broker that is down must not keep a
 * process from ending: what was in flight is recovered by the others.
 */
export async function drain(service: StartedService, drainTimeoutMs: number, logger: ServiceLogger): Promise<void> {
  const deadline = performance.now() + Math.max(0, drainTimeoutMs);
  const remainingMs = () => Math.max(0, deadline - performance.now());
  const phase = async (name: 'stopIntake' | 'idle' | 'handBack' | 'flush' | 'close', limitMs: number): Promise<boolean> => {
    try {
      if (await settles(Promise.resolve(service[name]?.()), limitMs)) return true;
      if (name !== 'idle') logger.warn({ phase: name, limitMs: Math.round(limitMs) }, 'A phase of the shutdown took too long and was passed over');
    } catch (error) {
      logger.warn({ phase: name, err: error }, 'A phase of the shutdown failed and was passed over');
    }
    return false;
  };
  await phase('stopIntake', remainingMs());
  if (!(await phase('idle', remainingMs()))) {
    logger.warn({ drainTimeoutMs: Math.round(drainTimeoutMs) }, 'Work is still in flight after the drain time; it is handed back to be taken up elsewhere');
    await phase('handBack', FLUSH_LIMIT_MS / 2);
  }
  await phase('flush', FLUSH_LIMIT_MS);
  await phase('close', CLOSE_LIMIT_MS);
}

/** Whether the work ends within the limit; its failure is thrown, also a failure that comes later is taken care of. */
async function settles(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
