import { CONSUMERS, STREAMS } from '@trivet/contracts';
import type { Metrics } from './metrics.js';

/** What every service counts: what it does on the bus, and how much of it is in use. */
export interface ServiceMetrics {
  /** Told by the bus; in seconds, by `STREAM/consumer`, and by the stream a dead letter came from. */
  bus: { onPublished: (seconds: number) => void; onRedelivered: (consumer: string) => void; onDeadLetter: (stream: string) => void };
  /** @param read asked at each scrape: slots in all and in use, and whether the service takes no new work */
  watchWorker: (read: () => { slots: number; used: number; draining: boolean }) => void;
}

/** From an acknowledgement in memory to one over a slow network, in seconds. */
const PUBLISH_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * The metrics that all services have in common. Series of which there is a known number begin at 0: a count that appears
 * with its first event has not risen, and no alert would see that event.
 */
export function createServiceMetrics(metrics: Metrics): ServiceMetrics {
  const publish = metrics.histogram({ name: 'bus_publish_seconds', help: 'Seconds until a stream acknowledged a message.', buckets: PUBLISH_BUCKETS });
  const redelivered = metrics.counter({ name: 'bus_redelivered_total', help: 'Messages that came again, by consumer.', labels: ['consumer'] });
  const dead = metrics.counter({ name: 'dead_letters_total', help: 'Dead letters put aside, by the stream they came from.', labels: ['stream'] });
  for (const { stream, durable } of Object.values(CONSUMERS)) redelivered.inc({ consumer: `${stream}/${durable}` }, 0);
  for (const stream of Object.keys(STREAMS)) if (stream !== 'DEAD') dead.inc({ stream }, 0);
  return {
    bus: {
      onPublished: (seconds) => publish.observe(seconds),
      onRedelivered: (consumer) => redelivered.inc({ consumer }),
      onDeadLetter: (stream) => dead.inc({ stream }),
    },
    watchWorker: (read) => {
      metrics.gauge({ name: 'worker_slots', help: 'Calls or messages this process works on at once, by state.', labels: ['state'], collect: (gauge) => {
        const { slots, used } = read();
        gauge.set({ state: 'used' }, Math.min(used, slots));
        gauge.set({ state: 'free' }, Math.max(0, slots - used));
      } });
      metrics.gauge({ name: 'draining', help: '1 while this process takes no new work and finishes what it has.', collect: (gauge) => gauge.set(read().draining ? 1 : 0) });
    },
  };
}
