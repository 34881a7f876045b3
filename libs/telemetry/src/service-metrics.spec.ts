import { createBoundedLabel, createMetrics, createServiceMetrics } from './index.js';

describe('createServiceMetrics', () => {
  it('begins series at 0, so that their first event is a rise', async () => {
    const metrics = createMetrics('executor');
    const { bus } = createServiceMetrics(metrics);
    expect(await metrics.render()).toContain('trivet_dead_letters_total{stream="TASKS",service="executor"} 0');
    bus.onDeadLetter('TASKS');
    bus.onRedelivered('CALLS/executor');
    bus.onPublished(0.003);
    const text = await metrics.render();
    expect(text).toContain('trivet_dead_letters_total{stream="TASKS",service="executor"} 1');
    expect(text).toContain('trivet_bus_redelivered_total{consumer="CALLS/executor",service="executor"} 1');
    expect(text).toContain('trivet_bus_publish_seconds_bucket{le="0.005",service="executor"} 1');
  });

  it('shows at each scrape how much of the process is in use', async () => {
    const metrics = createMetrics('executor');
    let used = 1;
    createServiceMetrics(metrics).watchWorker(() => ({ slots: 2, used, draining: used > 2 }));
    expect(await metrics.render()).toContain('trivet_worker_slots{state="free",service="executor"} 1');
    used = 3;
    const text = await metrics.render();
    expect(text).toContain('trivet_worker_slots{state="used",service="executor"} 2');
    expect(text).toContain('trivet_draining{service="executor"} 1');
  });
});

describe('createBoundedLabel', () => {
  it('has one name for all values beyond its bound', () => {
    const label = createBoundedLabel(2);
    expect(['a', 'b', 'c', 'a', 'd'].map(label)).toEqual(['a', 'b', 'other', 'a', 'other']);
  });
});
