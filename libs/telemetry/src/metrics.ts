import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface MetricOptions<Label extends string> {
  /** Without the prefix: `tool_calls_total` becomes `trivet_tool_calls_total`. Base units: seconds, bytes. */
  name: string;
  help: string;
  labels?: readonly Label[];
}

export interface Metrics {
  /** A count that only rises; its name ends in `_total`. */
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>;
  /** @param collect called at each scrape, to set what is read and not counted. */
  gauge<Label extends string = never>(options: MetricOptions<Label> & { collect?: (gauge: Gauge<Label>) => void | Promise<void> }): Gauge<Label>;
  /** @param buckets upper bounds in the metric's unit; default: durations from 5 ms to 5 min in seconds. */
  histogram<Label extends string = never>(options: MetricOptions<Label> & { buckets?: readonly number[] }): Histogram<Label>;
  /** All of them in the Prometheus text format. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** Metrics of one service: its own under `trivet_`, and those of the Node process. Each carries `service`. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return {
    counter: (options) => {
      if (!options.name.endsWith('_total')) throw new Error(`The counter '${options.name}' must end in _total.`);
      return new Counter({ ...checked(options), registers: [registry] });
    },
    gauge: (options) => {
      const { collect } = options;
      return new Gauge({
        ...checked(options),
        registers: [registry],
        ...(collect ? { collect() { return collect(this); } } : {}),
      });
    },
    histogram: (options) => new Histogram({ ...checked(options), buckets: [...(options.buckets ?? DURATION_BUCKETS)], registers: [registry] }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** From a hop on the bus to a long tool call, in seconds. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** One time series for each value: ids would make the metrics grow without end. */
const UNBOUNDED_LABEL = /workflow_?id|call_?id|step_?id|trace_?id|span_?id|message_?id/i;

function checked<Label extends string>({ name, help, labels = [] }: MetricOptions<Label>): { name: string; help: string; labelNames: Label[] } {
  if (!NAME.test(name)) throw new Error(`'${name}' is not a name for a metric; use snake_case without the prefix trivet_.`);
  if (name.startsWith('trivet_')) throw new Error(`Leave out the prefix of the metric '${name}'; it is added.`);
  const unbounded = labels.find((label) => UNBOUNDED_LABEL.test(label));
  if (unbounded) throw new Error(`The metric '${name}' has the label '${unbounded}', of which there is no end; put it on a span.`);
  return { name: `trivet_${name}`, help, labelNames: [...labels] };
}
