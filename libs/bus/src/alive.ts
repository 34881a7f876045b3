import type { NatsConnection } from '@nats-io/transport-node';
import type { Connection } from './connection.js';

/**
 * What the bus says of a worker process. `false`: nobody is subscribed in its name, so it is gone. `silent`: it is there and
 * does not answer, although the broker does. `unknown`: we cannot tell, since it may be our own connection that is at fault.
 */
export type Alive = boolean | 'silent' | 'unknown';

/** Within this the broker itself answers, or our connection to it is broken without our knowing. */
const BROKER_ANSWERS_MS = 500;
/** A time-out that is noticed so much later says more of us, who stood still, than of the worker. */
const LATE_MS = 500;

export async function isAlive(connection: Pick<Connection, 'nats' | 'connectedSince'>, service: string, workerId: string, { timeoutMs = 1_000, stableMs = 3_000 }: { timeoutMs?: number; stableMs?: number } = {}): Promise<Alive> {
  const since = connection.connectedSince();
  if (since === null) return 'unknown';
  const askedAt = performance.now();
  const isStable = (): boolean => Date.now() - since >= stableMs && connection.connectedSince() === since;
  try {
    await connection.nats.request(`$SRV.PING.${service}.${workerId}`, '', { timeout: timeoutMs });
    return true;
  } catch (error) {
    if (!isStable()) return 'unknown';
    if (/no responders/i.test(String(error))) return false;
    if (performance.now() - askedAt > timeoutMs + LATE_MS) return 'unknown';
    return (await brokerAnswers(connection.nats)) && isStable() ? 'silent' : 'unknown';
  }
}

async function brokerAnswers(nats: NatsConnection): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), BROKER_ANSWERS_MS)));
  const answered = nats.flush().then(
    () => true,
    () => false,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
