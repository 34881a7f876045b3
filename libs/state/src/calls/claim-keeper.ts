import type { Claims } from './claims.js';

/** A call that is held at two looks in a row, and runs at neither, is held by mistake. */
const LOOK_EVERY_MS = 2_000;

/**
 * Gives back what a worker holds without knowing it: the answer to its claim was lost, or its release was. As long as the
 * worker lives nobody else would take such a call, and where the broker has lost its message too, nobody ever.
 */
export function keepClaims(claims: Pick<Claims, 'heldBy' | 'read' | 'release'>, worker: string, isRunning: (callId: string) => boolean, onError: (error: unknown) => void): { stop: () => void } {
  let suspected = new Set<string>();
  let isLooking = false;

  async function look(): Promise<void> {
    const idle = (await claims.heldBy(worker)).filter(({ callId }) => !isRunning(callId));
    const again = idle.filter(({ callId }) => suspected.has(callId));
    suspected = new Set(idle.map(({ callId }) => callId));
    for (const { ref, callId } of again) {
      const claim = await claims.read(ref, callId);
      // A call that has ended meanwhile has no claim any more, only its place among those we hold.
      if ((claim === null || claim.worker === worker) && !isRunning(callId)) await claims.release(ref, callId, worker, claim?.epoch ?? 0, 'open');
    }
  }

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().catch(onError).finally(() => (isLooking = false));
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
